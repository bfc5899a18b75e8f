//! Name resolution by DNS names: kubernetes and nameformat.
