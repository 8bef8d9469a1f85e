//! Secrets cannot be printed or copied: this file does not compile when one of them gains `Debug` or `Clone`.

/// For a type with the trait two implementations apply, and the call is ambiguous.
macro_rules! never {
    ($trait:path: $($secret:ty),+) => {
        const _: fn() = || {
            trait Ambiguous<A> {
                fn check() {}
            }
            struct Has;
            impl<T: ?Sized> Ambiguous<()> for T {}
            impl<T: ?Sized + $trait> Ambiguous<Has> for T {}
            $(let _ = <$secret as Ambiguous<_>>::check;)+
        };
    };
}

never!(Clone: vault::Key, vault::mac::Mac, vault::sign::SigningKey, vault::jws::LetterSigner, vault::stream::Sealer, vault::stream::Opener);
never!(std::fmt::Debug: vault::Key, vault::mac::Mac, vault::sign::SigningKey, vault::jws::LetterSigner, vault::stream::Sealer, vault::stream::Opener);
never!(std::fmt::Display: vault::Key, vault::mac::Mac, vault::sign::SigningKey, vault::jws::LetterSigner);

const _: fn() = || {
    fn wiped<T: zeroize::ZeroizeOnDrop>(_: &T) {}
    let _ = wiped::<vault::Key>;
};
