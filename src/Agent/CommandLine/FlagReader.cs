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
        flags.AddTo(command);
        flags.AddTo(run);
        command.Add(run);
        var parsed = command.Parse(arguments, Rules);
        return new FlagReading(flags.Read(parsed, source), [.. parsed.Errors.Select(e => e.Message.TrimEnd('.'))]);
    }
}
