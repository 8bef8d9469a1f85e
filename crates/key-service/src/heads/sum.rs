//! Numbers modulo 2^256.

use domain::MailboxId;
use vault::mac::Mac;

/// A sum of keyed hashes. Adding is all that is done with it, so equal sums mean equal events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Sum([u64; 4]);

impl Sum {
    /// What one event adds.
    pub(crate) fn of(mac: &Mac, mailbox: MailboxId, entry: &[u8; 32]) -> Self {
        Self::from_bytes(&mac.tag("head", &[mailbox.as_bytes(), entry]))
    }

    /// From 32 bytes, big-endian.
    pub(crate) fn from_bytes(bytes: &[u8; 32]) -> Self {
        let mut limbs = [0; 4];
        for (limb, eight) in limbs.iter_mut().rev().zip(bytes.as_chunks::<8>().0) {
            *limb = u64::from_be_bytes(*eight);
        }
        Self(limbs)
    }

    pub(crate) fn to_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (eight, limb) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(self.0.iter().rev()) {
            *eight = limb.to_be_bytes();
        }
        bytes
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        let mut carry = false;
        Self(std::array::from_fn(|at| {
            let (sum, first) = self.0[at].overflowing_add(other.0[at]);
            let (sum, second) = sum.overflowing_add(u64::from(carry));
            carry = first || second;
            sum
        }))
    }

    pub(crate) fn minus(self, other: Self) -> Self {
        let mut borrow = false;
        Self(std::array::from_fn(|at| {
            let (rest, first) = self.0[at].overflowing_sub(other.0[at]);
            let (rest, second) = rest.overflowing_sub(u64::from(borrow));
            borrow = first || second;
            rest
        }))
    }
}

impl std::iter::Sum for Sum {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), Self::plus)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(bytes: [u8; 32]) -> Sum {
        Sum::from_bytes(&bytes)
    }

    #[test]
    fn adding_carries_over_all_bytes_and_taking_away_undoes_it() {
        let most = sum([0xff; 32]);
        let mut one = [0; 32];
        one[31] = 1;
        assert_eq!(most.plus(sum(one)), Sum::default());
        assert_eq!(Sum::default().minus(sum(one)), most);
        let mut carried = [0; 32];
        (carried[23], carried[31]) = (1, 0);
        let mut eight = [0; 32];
        eight[24..].fill(0xff);
        assert_eq!(sum(eight).plus(sum(one)).to_bytes(), carried);
    }

    #[test]
    fn the_order_does_not_matter_and_the_mailbox_does() {
        let mac = Mac::new(vault::Key::from_bytes([7; 32]));
        let a = MailboxId::OUTGOING;
        let b = domain::LetterId::new(domain::Time::from_millis(1), &vault::SystemRandom);
        let of = |entry: u8| Sum::of(&mac, a, &[entry; 32]);
        assert_eq!(of(1).plus(of(2)).plus(of(3)), of(3).plus(of(1)).plus(of(2)));
        assert_ne!(of(1), Sum::of(&mac, b.own_box(), &[1; 32]));
        assert_eq!(sum(of(9).to_bytes()), of(9));
    }
}
