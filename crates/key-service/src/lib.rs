//! Grants, e-ID verification and unsealing: the only holder of keys that open letters.
