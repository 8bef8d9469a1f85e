//! Pure cryptography over bytes: sealing, chunked encryption, keyed hashes, signatures. Cannot open what is sealed to a mailbox.
