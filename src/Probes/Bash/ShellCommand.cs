namespace EbpfActors.Probes.Bash;

/// <summary>One line that somebody typed into a bash, when they ended it.</summary>
/// <param name="UnixNanoseconds">Wall-clock time of the moment.</param>
/// <param name="Pid">The shell, in the host's pid namespace.</param>
/// <param name="User">Login name as the shell's own file system has it; the user's number where there is none.</param>
/// <param name="Text">The line without its newline, never empty; bytes that are no UTF-8 are U+FFFD.</param>
/// <param name="IsCut">There was more than is kept.</param>
public readonly record struct ShellCommand(long UnixNanoseconds, uint Pid, string User, string Text, bool IsCut);
