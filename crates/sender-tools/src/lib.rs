//! What a sender has at home: letters are signed and sent, a refused one is explained, a service is measured from outside.
//!
//! A service is known here by its doors alone. Nothing opens a database: what only a registry can answer is asked of
//! [`doctor::delivery::Registry`], which whoever has one implements. Errors are `anyhow`'s, and some types are read from a
//! command line by themselves: what fails here is read by the person who typed the command, and by no program.

pub mod agency_client;
pub mod citizen;
pub mod compose;
pub mod compose_soap;
pub mod demo;
pub mod doctor;
pub mod files;
pub mod load;
pub mod out;
pub mod send;
pub mod shell;
