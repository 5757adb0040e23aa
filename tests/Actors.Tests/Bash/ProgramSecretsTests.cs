using Xunit;

namespace EbpfActors.Actors.Tests.Bash;

/// <summary>What is a secret to the program that a command starts, and to no other.</summary>
public sealed class ProgramSecretsTests
{
    [Theory]
    [InlineData("sqlcmd -U sa -P S -Q x; bcp x -P S", "sqlcmd -U sa -P ****** -Q x; bcp x -P ******")]
    [InlineData("ssh-keygen -t ed25519 -N S -f k", "ssh-keygen -t ed25519 -N ****** -f k")]
    [InlineData("curl -b \"session=abc\" h", "curl -b \"session=******\" h")]
    [InlineData("curl -x me:S@proxy:80 -E cert.pem:S h", "curl -x me:******@proxy:80 -E cert.pem:****** h")]
    [InlineData("mysqladmin -u root password NEW", "mysqladmin -u root password ******")]
    [InlineData("smbclient //h/s S", "smbclient //h/s ******")]
    [InlineData("net ads join -U a%S", "net ads join -U a%******")]
    [InlineData("lftp -u me,S h", "lftp -u me,****** h")]
    [InlineData("redis-cli config set masterauth S", "redis-cli config set masterauth ******")]
    [InlineData("valkey-cli -a S", "valkey-cli -a ******")]
    [InlineData("twine upload -u x -p S d", "twine upload -u x -p ****** d")]
    [InlineData("poetry publish -p S", "poetry publish -p ******")]
    [InlineData("etcdctl --user root:S get x", "etcdctl --user root:****** get x")]
    [InlineData("sudo -u x mysql -px", "sudo -u x mysql -p******")]
    [InlineData("time mysql -px; if mysql -px; then mysql -py; fi", "time mysql -p******; if mysql -p******; then mysql -p******; fi")]
    [InlineData("A=b mysql -px", "A=b mysql -p******")]
    public void Options_and_arguments(string line, string expected) => line.ShouldBecome(expected);

    [Theory]
    [InlineData("echo S | sudo -nS ls", "echo ****** | sudo -nS ls")]
    [InlineData("echo S | sudo --stdin ls", "echo ****** | sudo --stdin ls")]
    [InlineData("echo S | docker secret create x -", "echo ****** | docker secret create x -")]
    [InlineData("echo S | gpg --batch --passphrase-fd 0 -c f", "echo ****** | gpg --batch --passphrase-fd 0 -c f")]
    public void Input(string line, string expected) => line.ShouldBecome(expected);

    [Theory]
    [InlineData("find / -name mysql -perm 644 -print")]
    [InlineData("nmap mongo -p 27017")]
    [InlineData("ssh mongo -p 2222")]
    [InlineData("docker run --name mongo -p ${PORT}:27017 mongo")]
    [InlineData("docker run --name mongo -p $PORT:27017 mongo")]
    [InlineData("app credentials=/path --auth-user-pass FILE --dns-cloudflare-credentials ~/f --credentials=./f")]
    [InlineData("cmake -DUSE_TOKEN=ON; ./configure --enable-auth=yes; app --auth-token false")]
    [InlineData("curl 'https://h/?auth=basic'")]
    [InlineData("docker build --secret=id=npmrc,src=f .")]
    [InlineData("gcloud run deploy x --secret=my-secret && gcloud run deploy x --secret my-secret")]
    [InlineData("helm upgrade x --set auth.existingSecret=x")]
    [InlineData("ssh-keygen -t ed25519 -N '' -f k; ssh-keygen -t ed25519 -N \"\" -f k")]
    [InlineData("curl -x http://proxy:80 -x proxy:80 -E cert.pem -b jar h")]
    [InlineData("smbclient //h/s -U me")]
    [InlineData("echo x | sudo -u Steve tee f")]
    public void Commands_without_secrets_stay_as_they_are(string line) => line.ShouldStay();
}
