//! From a command to its process tree and back to an exit.
