using EbpfActors.Actors.Bash.Redaction;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.Bash;

/// <summary>Secrets that an earlier line of the same shell tells.</summary>
public sealed class LaterLineSecretsTests
{
    private readonly SecretRedactor _redactor = new(RedactionOptions.Default);

    [Theory]
    [InlineData("curl https://h \\\n  -u me:hunter2 \\\n  -d x\nls -u me:x", "curl https://h \\\n  -u me:****** \\\n  -d x\nls -u me:x")]
    [InlineData("mysql -u root \\\n  -phunter2 shop", "mysql -u root \\\n  -p****** shop")]
    [InlineData("app --password \\\n  hunter2\nhunter2", "app --password \\\n  ******\nhunter2")]
    [InlineData("app --password=hun\\\nter2 x", "app --password=******\\\n****** x")]
    [InlineData("app --password x\\\\\nls", "app --password ******\nls")]
    [InlineData("cd /x && \\\n  ls \\\n", "cd /x && \\\n  ls \\\n")]
    public void A_line_that_ends_in_a_backslash_goes_on(string typed, string shown)
    {
        Shown(typed).ShouldBe(shown);

        if (typed.Contains("\\\n  h", StringComparison.Ordinal))
        {
            _redactor.Redact(2, typed.Split('\n')[0] + "\n  h x").ShouldBe(typed.Split('\n')[0] + "\n  ****** x"); // pasted at once
        }
    }

    [Fact]
    public void Another_shell_does_not_go_on_with_it()
    {
        _redactor.Redact(1, "app --password \\");

        _redactor.Redact(2, "ls").ShouldBe("ls");
        _redactor.Redact(1, "ls").ShouldBe("******");
    }

    [Fact]
    public void A_command_of_very_many_lines_keeps_its_program()
    {
        _redactor.Redact(1, "mysql -u root \\");

        for (var i = 0; i < 1000; i++)
        {
            _redactor.Redact(1, "  --some-option=some-value \\").ShouldBe("  --some-option=some-value \\");
        }

        _redactor.Redact(1, "  -phunter2").ShouldBe("  -p******");
    }

    [Theory]
    [InlineData("grep -rl -- \"-----BEGIN RSA PRIVATE KEY-----\" /etc\nls", "grep -rl -- \"-----BEGIN RSA PRIVATE KEY-----\" /etc\nls")]
    [InlineData("grep -----BEGIN RSA PRIVATE KEY-----\nls", "grep -----BEGIN RSA PRIVATE KEY-----\nls")]
    [InlineData("echo '-----BEGIN PRIVATE KEY-----\nMIIEaa\nls -la\nls", "echo '-----BEGIN PRIVATE KEY-----\n******\nls -la\nls")]
    [InlineData("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,A\nMIIE\n-----END RSA PRIVATE KEY-----\nls",
        "-----BEGIN RSA PRIVATE KEY-----\n******\n******\n******\n-----END RSA PRIVATE KEY-----\nls")]
    public void Only_lines_of_a_key_belong_to_it(string typed, string shown) => Shown(typed).ShouldBe(shown);

    [Theory]
    [InlineData("printf '-----BEGIN PRIVATE KEY-----\\nMIIE+/=\\n-----END PRIVATE KEY-----\\n' > k",
        "printf '-----BEGIN PRIVATE KEY-----******-----END PRIVATE KEY-----\\n' > k")]
    [InlineData("echo '-----BEGIN PRIVATE KEY-----\nMIIE\nMIIE' > k; ls", "echo '-----BEGIN PRIVATE KEY-----******MIIE' > k; ls")]
    public void A_key_in_one_text(string typed, string shown) => _redactor.Redact(1, typed).ShouldBe(shown);

    /// <summary>Line by line, as readline hands them out.</summary>
    private string Shown(string typed) => string.Join('\n', typed.Split('\n').Select(line => _redactor.Redact(7, line)));
}
