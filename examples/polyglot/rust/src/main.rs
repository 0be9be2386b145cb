//! Answers the requests on stdin, one a line.

use std::io::{self, BufRead};

fn main() -> io::Result<()> {
    for line in io::stdin().lock().lines() {
        println!("{}", fairshare::answer(&line?));
    }
    Ok(())
}
