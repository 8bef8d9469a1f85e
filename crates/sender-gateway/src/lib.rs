//! The agency door: REST over mutual TLS.
