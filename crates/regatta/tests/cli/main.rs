//! The program from outside: command lines, and everything they print, write and leave behind.

mod refused;
mod running;
mod support;
