//! The program from outside: command lines, and everything they print, write and leave behind.

mod cache;
mod commands;
mod examples;
mod faults;
mod full_disk;
mod jobserver;
mod reference;
mod refused;
mod reliability;
mod resources;
mod running;
mod settings;
mod support;
