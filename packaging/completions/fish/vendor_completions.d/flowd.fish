# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_flowd_global_optspecs
    string join \n h/help V/version
end

function __fish_flowd_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_flowd_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_flowd_using_subcommand
    set -l cmd (__fish_flowd_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c flowd -n "__fish_flowd_needs_command" -s h -l help -d 'Print help'
complete -c flowd -n "__fish_flowd_needs_command" -s V -l version -d 'Print version'
complete -c flowd -n "__fish_flowd_needs_command" -f -a "run" -d 'Runs the daemon in the foreground'
complete -c flowd -n "__fish_flowd_needs_command" -f -a "meter" -d 'Meters a savefile, as a monitor meters an interface, with the savefile\'s own times'
complete -c flowd -n "__fish_flowd_needs_command" -f -a "check" -d 'Validates configuration files in any dialect, without looking at this host'
complete -c flowd -n "__fish_flowd_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c flowd -n "__fish_flowd_using_subcommand run" -l state -d 'Directory for the revisions and everything else that is kept' -r -f -a "(__fish_complete_directories)"
complete -c flowd -n "__fish_flowd_using_subcommand run" -l socket -d 'Management socket' -r -F
complete -c flowd -n "__fish_flowd_using_subcommand run" -l config -d 'Configuration in any dialect that is committed if nothing is committed yet' -r -F
complete -c flowd -n "__fish_flowd_using_subcommand run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c flowd -n "__fish_flowd_using_subcommand run" -s V -l version -d 'Print version'
complete -c flowd -n "__fish_flowd_using_subcommand meter" -l read -d 'Savefile to read, pcap or pcapng' -r -F
complete -c flowd -n "__fish_flowd_using_subcommand meter" -l config -d 'Configuration, any dialect; without it one monitor with the record netflow-original' -r -F
complete -c flowd -n "__fish_flowd_using_subcommand meter" -l monitor -d 'Which monitor of the configuration to run' -r
complete -c flowd -n "__fish_flowd_using_subcommand meter" -l to -d 'Export to this collector (repeatable)' -r -f -a "(__fish_print_hostnames)"
complete -c flowd -n "__fish_flowd_using_subcommand meter" -l netflow -d 'Protocol of --to: NetFlow 5 or 9, or 10 for IPFIX' -r -f -a "5\t''
9\t''
10\t''"
complete -c flowd -n "__fish_flowd_using_subcommand meter" -l decapsulate -d 'Meter the packet inside this kind of tunnel, too (repeatable), as `capture decapsulate`' -r -f -a "erspan\t''
geneve\t''
gre\t''
gtp-u\t''
ipip\t''
pseudowire\t''
vxlan\t''"
complete -c flowd -n "__fish_flowd_using_subcommand meter" -l fragment-ports -d 'Meter later fragments with the ports of their first one, as `capture fragment-ports`'
complete -c flowd -n "__fish_flowd_using_subcommand meter" -l records -d 'Print one JSON object a flow'
complete -c flowd -n "__fish_flowd_using_subcommand meter" -l json -d 'Print one JSON summary as the last line'
complete -c flowd -n "__fish_flowd_using_subcommand meter" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c flowd -n "__fish_flowd_using_subcommand meter" -s V -l version -d 'Print version'
complete -c flowd -n "__fish_flowd_using_subcommand check" -l flow -d 'Check only the flow parts of each file, which may be the configuration of any router'
complete -c flowd -n "__fish_flowd_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c flowd -n "__fish_flowd_using_subcommand check" -s V -l version -d 'Print version'
complete -c flowd -n "__fish_flowd_using_subcommand help; and not __fish_seen_subcommand_from run meter check help" -f -a "run" -d 'Runs the daemon in the foreground'
complete -c flowd -n "__fish_flowd_using_subcommand help; and not __fish_seen_subcommand_from run meter check help" -f -a "meter" -d 'Meters a savefile, as a monitor meters an interface, with the savefile\'s own times'
complete -c flowd -n "__fish_flowd_using_subcommand help; and not __fish_seen_subcommand_from run meter check help" -f -a "check" -d 'Validates configuration files in any dialect, without looking at this host'
complete -c flowd -n "__fish_flowd_using_subcommand help; and not __fish_seen_subcommand_from run meter check help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
