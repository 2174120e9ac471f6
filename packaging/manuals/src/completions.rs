//! Completion for bash, zsh and fish. The files have the paths at which they are installed below `/usr/share`.

use std::path::PathBuf;

use clap::CommandFactory as _;
use clap_complete::Generator as _;
use clap_complete::Shell;

/// Completion of the argument of `-c` in bash, for which flowsh is asked.
const BASH: &str = r#"
# What follows -c is a line of the shell: flowsh knows what can stand there.
_flowsh_line() {
    local cur prev line socket=() i
    cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
    if [[ $prev != -c ]]; then
        _flowsh "$@"
        return
    fi
    for ((i = 1; i < COMP_CWORD; i++)); do
        [[ ${COMP_WORDS[i]} != --socket ]] || socket=(--socket "${COMP_WORDS[i + 1]}")
    done
    line=${cur#[\"\']}
    local before=${line% *}
    [[ $line == *' '* ]] && before+=' ' || before=''
    COMPREPLY=()
    while IFS=$'\t' read -r i _; do
        [[ $i == "${line##* }"* ]] || continue
        # Behind an open quote the words stand as they are.
        i=$before$i
        [[ $cur == [\"\']* ]] || i=$(printf '%q' "$i")
        COMPREPLY+=("$i")
    done < <(flowsh "${socket[@]}" --complete "$line" 2>/dev/null)
}
complete -F _flowsh_line -o nosort -o bashdefault -o default flowsh
"#;

/// Completion of the argument of `-c` in zsh.
const ZSH: &str = r#"
_flowsh_line() {
    local -a words_ socket
    local i=${words[(I)--socket]}
    (( i )) && socket=(--socket $words[i+1])
    local line=${(Q)PREFIX} before=''
    [[ $line == *' '* ]] && before=${line% *}' '
    words_=(${(f)"$(flowsh $socket --complete $line 2>/dev/null | cut -f1)"})
    compadd -Q -P "${(q)before}" -- $words_
}
"#;

/// Completion of the argument of `-c` in fish.
const FISH: &str = r#"
function __flowsh_line
    set -l line (string unescape (commandline -ct))
    set -l before (string replace -r '[^ ]*$' '' -- $line)
    flowsh --complete "$line" 2>/dev/null | while read -l -d \t word help
        printf '%s%s\t%s\n' $before $word $help
    end
end
complete -c flowsh -s c -x -a '(__flowsh_line)' -d 'Run a command; may be given again'
"#;

/// Returns the files: their paths below `packaging`, and contents.
pub(crate) fn files() -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        let folder = match shell {
            Shell::Bash => "completions/bash-completion/completions",
            Shell::Zsh => "completions/zsh/vendor-completions",
            _ => "completions/fish/vendor_completions.d",
        };
        for (program, mut command) in [
            ("flowd", crate::flowd::Arguments::command()),
            ("flowsh", crate::flowsh::Args::command()),
        ] {
            let mut octets = Vec::new();
            clap_complete::generate(shell, &mut command, program, &mut octets);
            let mut text = String::from_utf8_lossy(&octets).into_owned();
            if program == "flowsh" {
                text = with_lines(shell, text);
            }
            let name = match shell {
                Shell::Bash => program.to_owned(),
                shell => shell.file_name(program),
            };
            files.push((PathBuf::from(folder).join(name), text));
        }
    }
    files
}

/// Adds to clap's completion what completes the argument of `-c`.
fn with_lines(shell: Shell, text: String) -> String {
    match shell {
        Shell::Bash => text + BASH,
        Shell::Fish => text + FISH,
        _ => {
            let text = text.replace(
                "'*-c+[Run a command; may be given again]:COMMAND:_default'",
                "'*-c+[Run a command; may be given again]:COMMAND:_flowsh_line'",
            );
            match text.split_once("\n(( $+functions[_flowsh_commands] ))") {
                Some((before, after)) => {
                    format!(
                        "{before}\n{}\n(( $+functions[_flowsh_commands] )){after}",
                        ZSH.trim()
                    )
                }
                None => text + ZSH,
            }
        }
    }
}
