using System.CommandLine;
using EbpfActors.Agent.Configuration;

namespace EbpfActors.Agent.CommandLine;

/// <summary>Reads the list <c>args</c> of a file as if it stood on the command line.</summary>
internal static class FlagReader
{
    /// <summary>Nothing that starts with @ is a file to read, and flags are never bundled: the reference has neither.</summary>
    public static readonly ParserConfiguration Rules = new() { EnablePosixBundling = false, ResponseFileTokenReplacer = null };

    public static FlagReading Read(IReadOnlyList<string> arguments, Func<string, Source> source)
    {
        var flags = new SettingFlags();
        var command = new Command("args");
        // The same list serves both generations, so the word run may be part of it.
        var run = new Command("run");
        command.Add(run);
        foreach (var each in (Command[])[command, run])
        {
            flags.AddTo(each);
            // Without an action a command that has subcommands insists on one of them.
            each.SetAction(_ => 0);
        }

        var parsed = command.Parse(arguments, Rules);
        return new FlagReading(flags.Read(parsed, source), UsageErrors.Of(parsed));
    }
}
