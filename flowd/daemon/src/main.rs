//! The program `flowd`; the library has all of it.

fn main() -> std::process::ExitCode {
    daemon::main()
}
