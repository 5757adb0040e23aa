using EbpfActors.Actors.Bash.Redaction;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.Bash;

/// <summary>Secrets in what is typed into files, and in names and tokens of many kinds.</summary>
public sealed class WrittenSecretsTests
{
    [Theory]
    [InlineData("password: hunter2", "password: ******")]
    [InlineData("  password: \"hunter2\",", "  password: \"******\",")]
    [InlineData("password = hunter2", "password = ******")]
    [InlineData("aws_secret_access_key = abc/d+e", "aws_secret_access_key = ******")]
    [InlineData("db_password = \"two words\"", "db_password = \"******\"")]
    [InlineData("- password: x", "- password: ******")]
    [InlineData("password: a;b", "password: ******")]
    [InlineData("machine h login me password x", "machine h login me password ******")]
    [InlineData("<password>x</password>", "<password>******</password>")]
    [InlineData("echo \"password: hunter2\" > f", "echo \"password: ******\" > f")]
    [InlineData("echo \"//registry.example/:_authToken=S\" > .npmrc", "echo \"//registry.example/:_authToken=******\" > .npmrc")]
    [InlineData("echo \"machine h login me password x\" >> ~/.netrc", "echo \"machine h login me password ******\" >> ~/.netrc")]
    [InlineData("printf \"user=me\\npassword=S\\ntoken=T\\n\"", "printf \"user=me\\npassword=******\\ntoken=******\\n\"")]
    [InlineData("sed -i 's/^password.*/password: S/' f", "sed -i 's/^password.*/password: ******/' f")]
    [InlineData("sed -i \"s|password=.*|password=S|\" f", "sed -i \"s|password=.*|password=******|\" f")]
    public void Lines_of_files(string line, string expected) => new SecretRedactor(RedactionOptions.Default).Redact(1, line).ShouldBe(expected);

    [Theory]
    [InlineData("java -Dapp.api-key=S --stripe.api_key=S", "java -Dapp.api-key=****** --stripe.api_key=******")]
    [InlineData("helm x --set s3.secretKey=S,a=b --set auth.pass=S --set auth.users[0].password=S",
        "helm x --set s3.secretKey=******,a=b --set auth.pass=****** --set auth.users[0].password=******")]
    [InlineData("aws lambda x --environment \"Variables={DB_PASSWORD=S,A=b}\"", "aws lambda x --environment \"Variables={DB_PASSWORD=******,A=b}\"")]
    [InlineData("npm config set //registry.example/:_authToken=S", "npm config set //registry.example/:_authToken=******")]
    [InlineData("msbuild /p:Password=S", "msbuild /p:Password=******")]
    [InlineData("app 'Server=a;Uid=b;Pwd=S;Db=c'", "app 'Server=a;Uid=b;Pwd=******;Db=c'")]
    [InlineData("app \"Server=a; Uid=b; PWD=S; Db=c\"", "app \"Server=a; Uid=b; PWD=******; Db=c\"")]
    [InlineData("DB_PW=a ROOTPW=b PGPASS=c dbpass=d API_KEY_PROD=e TOKEN_PROD=f SECRET_KEY_BASE=g x",
        "DB_PW=****** ROOTPW=****** PGPASS=****** dbpass=****** API_KEY_PROD=****** TOKEN_PROD=****** SECRET_KEY_BASE=****** x")]
    public void Names_of_more_than_one_part(string line, string expected) => line.ShouldBecome(expected);

    [Theory]
    [InlineData("echo glrt-abcdefghijklmnop1234 xapp-1-A0-123-abc", "echo ****** ******")]
    [InlineData("curl -d x https://hooks.slack.com/services/T0/B0/abc", "curl -d x https://hooks.slack.com/services/******")]
    [InlineData("git clone https://0123456789abcdef0123456789abcdef01234567:x-oauth-basic@github.com/a/b", "git clone https://******:******@github.com/a/b")]
    [InlineData("echo sk_live_abcdefghijkl sk_test_abcdefghijkl pypi-AgEIcHlwaS5vcmcCJD hf_abcdefghijklmnopqrstuv dop_v1_0123456789abcdef0123456789",
        "echo ****** ****** ****** ****** ******")]
    [InlineData("echo SG.abcdefghijklmnopqrst.abcdefghijklmnopqrst shpat_0123456789abcdef0123456789 ya29.a0AfH6SMBabcdefghi AGE-SECRET-KEY-1ABCDEFGHIJKLMNOPQRSTUVW",
        "echo ****** ****** ****** ******")]
    public void Tokens(string line, string expected) => line.ShouldBecome(expected);

    [Theory]
    [InlineData("- name: password: x")]
    [InlineData("git commit -m \"token: fix\"")]
    [InlineData("echo \"password: none\" > f")]
    [InlineData("echo \"the password: is not here\" > f")]
    [InlineData("printf 'password: %s\\n' \"$PW\"")]
    [InlineData("password: $PW")]
    [InlineData("echo \"password: $PW\"")]
    [InlineData("sed -n 's/password: .*/password: none/p' f")]
    [InlineData("cd x;PWD=/a;ls")]
    public void Lines_without_secrets_stay_as_they_are(string line) => line.ShouldStay();
}
