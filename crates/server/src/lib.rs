//! The kuvert program: wiring, configuration and command line.
