using EbpfActors.Actors.Bash.Redaction;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.Bash;

/// <summary>Lines that nobody types: none of them may stop the agent.</summary>
public sealed class HostileSecretsTests
{
    /// <summary>What the rules themselves look for.</summary>
    private static readonly string[] Vocabulary =
    [
        "-stdin", "--password-stdin", "--stdin", "-p", "-P", "-S", "-u", "-b", "-c", "-o", "-e", "-H", "--set", "--user=", "--password", "--", "-", "=", ":",
        "@", "/", "%", ",", ";", "|", "&", "<<<", "<", "(", ")", "$(", "${", "`", "$", "$'", "'", "\"", "\\", "\n", " ", "\t", "\0", "a", "x1", "token", "TOKEN=",
        "password: ", "mysql", "sshpass", "docker", "login", "run", "echo", "printf", "sudo", "chpasswd", "passwd", "curl", "sqlplus", "redis-cli", "auth",
        "htpasswd", "config", "set", "openssl", "-pass", "pass:", "userid=", "https://", "?sig=", "[0]", "-----BEGIN PRIVATE KEY-----",
        "-----END PRIVATE KEY-----", "\u00e9", "\ud83d",
    ];

    [Fact]
    public void Words_of_the_rules_in_any_order_are_no_error()
    {
        var random = new Random(1);
        var redactor = new SecretRedactor(RedactionOptions.Default);
        foreach (var word in Vocabulary)
        {
            redactor.Redact(1, word).ShouldNotBeNull();
        }

        for (var i = 0; i < 5000; i++)
        {
            var words = random.GetItems(Vocabulary, random.Next(1, 12));
            var line = string.Join(i % 2 == 0 ? " " : "", words);

            Should.NotThrow(() => redactor.Redact((uint)random.Next(3), line, isCut: random.Next(4) == 0), line);
        }
    }
}
