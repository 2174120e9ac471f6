//! What the readers of all formats have in common.

use std::ops::ControlFlow;

use wire::Packet;

/// The packet records of a savefile.
pub(super) trait Records {
    /// The next record, if all of it is in memory.
    fn next(&mut self) -> Option<Packet<'_>>;

    /// Brings the next record into memory. Returns false at the end of the file.
    ///
    /// # Errors
    /// What is wrong with the file at this place. Nothing more can be read.
    fn advance(&mut self) -> Result<bool, String>;

    /// Checks that the file was not truncated under the packets returned so far.
    ///
    /// # Errors
    /// It was.
    fn check_intact(&self) -> Result<(), String> {
        Ok(())
    }

    /// Calls `each` with packets, which are counted, until it breaks (returns true) or the file ends (returns false).
    ///
    /// # Errors
    /// What is wrong with the file. Nothing more can be read.
    #[inline(always)]
    fn read(
        &mut self,
        packets: &mut u64,
        mut each: impl FnMut(&Packet<'_>) -> ControlFlow<()>,
    ) -> Result<bool, String> {
        let more = loop {
            let Some(packet) = self.next() else {
                match self.advance()? {
                    true => continue,
                    false => break false,
                }
            };
            *packets += 1;
            if each(&packet).is_break() {
                break true;
            }
        };
        self.check_intact().map(|()| more)
    }
}
