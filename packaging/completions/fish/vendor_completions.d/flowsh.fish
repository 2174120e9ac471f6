complete -c flowsh -l socket -d 'The management socket of flowd' -r -F
complete -c flowsh -s c -d 'Run a command; may be given again' -r
complete -c flowsh -s f -d 'Run the lines of a file, after the commands of -c; - is standard input' -r -F
complete -c flowsh -l complete -d 'Print what can follow a line of the shell, a word and its help on each line, for completion' -r
complete -c flowsh -l json -d 'Print what each command says as a line of JSON, and what is wrong as one on standard error'
complete -c flowsh -s h -l help -d 'Print help (see more with \'--help\')'
complete -c flowsh -s V -l version -d 'Print version'

function __flowsh_line
    set -l line (string unescape (commandline -ct))
    set -l before (string replace -r '[^ ]*$' '' -- $line)
    flowsh --complete "$line" 2>/dev/null | while read -l -d \t word help
        printf '%s%s\t%s\n' $before $word $help
    end
end
complete -c flowsh -s c -x -a '(__flowsh_line)' -d 'Run a command; may be given again'
