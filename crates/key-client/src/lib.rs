//! Messages to and from the key service; all serialisable.
