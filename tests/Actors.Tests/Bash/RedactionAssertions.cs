using EbpfActors.Actors.Bash.Redaction;
using Shouldly;

namespace EbpfActors.Actors.Tests.Bash;

/// <summary>What becomes of a line, by itself and as a command line within a quoted word.</summary>
internal static class RedactionAssertions
{
    public static void ShouldBecome(this string line, string expected)
    {
        var redactor = new SecretRedactor(RedactionOptions.Default);

        redactor.Redact(1, line).ShouldBe(expected);
        if (!line.AsSpan().ContainsAny("'\"\\\n") && !line.StartsWith("Authorization", StringComparison.Ordinal))
        {
            redactor.Redact(1, $"x='true; {line}'").ShouldBe($"x='true; {expected}'");
            redactor.Redact(1, $"x=\"$({line})\"").ShouldBe($"x=\"$({expected})\"");
        }
    }

    public static void ShouldStay(this string line) => line.ShouldBecome(line);
}
