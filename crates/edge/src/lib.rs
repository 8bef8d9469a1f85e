//! What HTTP doors share: problems, limits, headers, TLS listener.
