using EbpfActors.Actors.Bash.Redaction;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.Bash;

public sealed class TextSecretsTests
{
    [Theory]
    [InlineData("curl --header=Authorization:abc h", "curl --header=Authorization:****** h")]
    [InlineData("curl --header Authorization:abc h", "curl --header Authorization:****** h")]
    [InlineData("curl -HAuthorization:abc h", "curl -HAuthorization:****** h")]
    [InlineData("curl -sSHX-Api-Key:abc h", "curl -sSHX-Api-Key:****** h")]
    [InlineData("curl -H\"Authorization: Bearer abc\" h", "curl -H\"Authorization: Bearer ******\" h")]
    [InlineData("curl -H Authorization:\"Bearer abc\" h", "curl -H Authorization:\"Bearer ******\" h")]
    [InlineData("http h Authorization:'Bearer abc' X-Api-Token:x", "http h Authorization:'Bearer ******' X-Api-Token:******")]
    [InlineData("curl -H 'X-Auth-Key: abc' -H \"X-Goog-Api-Key: abc\" h", "curl -H 'X-Auth-Key: ******' -H \"X-Goog-Api-Key: ******\" h")]
    [InlineData("curl -H 'Api-Token: abc' -H 'DD-APPLICATION-KEY: abc' h", "curl -H 'Api-Token: ******' -H 'DD-APPLICATION-KEY: ******' h")]
    [InlineData("wget --header='Ocp-Apim-Subscription-Key: abc' h", "wget --header='Ocp-Apim-Subscription-Key: ******' h")]
    [InlineData("ssh h \"curl -H \\\"token: abc\\\" h\"", "ssh h \"curl -H \\\"token: ******\\\" h\"")]
    [InlineData("Authorization: Basic abc\nls", "Authorization: Basic ******\nls")]
    public void Headers(string line, string expected) => line.ShouldBecome(expected);

    [Theory]
    [InlineData("curl -d '{\"db_password\":\"a\",\"x\":\"y\"}' h", "curl -d '{\"db_password\":\"******\",\"x\":\"y\"}' h")]
    [InlineData("curl -d '{\"accessToken\":\"a\",\"auth_token\":\"b\"}' h", "curl -d '{\"accessToken\":\"******\",\"auth_token\":\"******\"}' h")]
    [InlineData("curl -d '{\"secretKey\": \"a\", \"client_secret\": \"b\"}' h", "curl -d '{\"secretKey\": \"******\", \"client_secret\": \"******\"}' h")]
    [InlineData("curl -d '{\"dbPass\":\"a\",\"pwd\":123456}' h", "curl -d '{\"dbPass\":\"******\",\"pwd\":******}' h")]
    [InlineData("curl -d '{\"password\":\"a\\\"b\",\"x\":\"y\"}' h", "curl -d '{\"password\":\"******\",\"x\":\"y\"}' h")]
    [InlineData("curl -d \"{\\\"password\\\":\\\"a\\\\\\\"b\\\",\\\"x\\\":1}\" h", "curl -d \"{\\\"password\\\":\\\"******\\\",\\\"x\\\":1}\" h")]
    [InlineData("curl -d '{\"body\":\"{\\\"password\\\":\\\"a\\\"}\"}' h", "curl -d '{\"body\":\"{\\\"password\\\":\\\"******\\\"}\"}' h")]
    [InlineData("curl -d '{\"password\":\"cut", "curl -d '{\"password\":\"******")]
    [InlineData("python -c \"f({'db_password': 'a b', 'x': 'y'})\"", "python -c \"f({'db_password': '******', 'x': 'y'})\"")]
    [InlineData("mongosh --eval 'db.createUser({user:\"a\",pwd:\"b c\",roles:[]})'", "mongosh --eval 'db.createUser({user:\"a\",pwd:\"******\",roles:[]})'")]
    [InlineData("curl 'https://h/?access_token=a&db_password=b&x=1'", "curl 'https://h/?access_token=******&db_password=******&x=1'")]
    [InlineData("curl 'https://h/cb#accessToken=a&x=1'", "curl 'https://h/cb#accessToken=******&x=1'")]
    [InlineData("curl -d 'grant=x&client_secret=a&x=1' h", "curl -d 'grant=x&client_secret=******&x=1' h")]
    [InlineData("azcopy cp f 'https://a.blob.core.windows.net/c?sv=2022&sig=a%2Bb%3D&se=1'", "azcopy cp f 'https://a.blob.core.windows.net/c?sv=2022&sig=******&se=1'")]
    public void Fields(string line, string expected) => line.ShouldBecome(expected);

    [Theory]
    [InlineData("mysql -e \"CREATE USER a IDENTIFIED BY 'b c'; SELECT 1\"", "mysql -e \"CREATE USER a IDENTIFIED BY '******'; SELECT 1\"")]
    [InlineData("mysql -e 'alter user a identified with x by \"b\"'", "mysql -e 'alter user a identified with x by \"******\"'")]
    [InlineData("mysql -e 'alter user a identified by '\\''b'\\'''", "mysql -e 'alter user a identified by '\\''******'\\'''")]
    [InlineData("mysql -e 'alter user a identified by '\"'\"'b'\"'\"''", "mysql -e 'alter user a identified by '\"'\"'******'\"'\"''")]
    [InlineData("mysql -e \"alter user a identified by \\\"b\\\"\"", "mysql -e \"alter user a identified by \\\"******\\\"\"")]
    [InlineData("mysql -e \"SET PASSWORD FOR 'a'@'%' = PASSWORD('b')\"", "mysql -e \"SET PASSWORD FOR 'a'@'%' = PASSWORD('******')\"")]
    [InlineData("psql -c \"ALTER ROLE a WITH LOGIN PASSWORD 'b'\"", "psql -c \"ALTER ROLE a WITH LOGIN PASSWORD '******'\"")]
    [InlineData("sqlcmd -Q \"CREATE LOGIN a WITH PASSWORD = N'b'\"", "sqlcmd -Q \"CREATE LOGIN a WITH PASSWORD = N'******'\"")]
    [InlineData("echo 'alter user a identified by b;' | sqlplus / as sysdba", "echo 'alter user a identified by ******;' | sqlplus / as sysdba")]
    [InlineData("IDENTIFIED BY 'b';", "IDENTIFIED BY '******';")]
    public void Sql(string line, string expected) => line.ShouldBecome(expected);

    [Theory]
    [InlineData("git clone https://0123456789abcdef0123456789abcdef01234567@github.com/x/y", "git clone https://******@github.com/x/y")]
    [InlineData("git clone https://oauth2:abc@gitlab.com/x/y", "git clone https://oauth2:******@gitlab.com/x/y")]
    public void Urls(string line, string expected) => line.ShouldBecome(expected);

    [Theory]
    [InlineData("curl https://me:hunt", "curl https://me:******")]
    [InlineData("curl 'https://me:p@ss", "curl 'https://me:******")]
    [InlineData("redis-cli -u redis://:h", "redis-cli -u redis://:******")]
    [InlineData("git clone https://0123456789abcdef01234567", "git clone https://******")]
    public void A_url_that_was_cut_before_its_host(string line, string expected) =>
        new SecretRedactor(RedactionOptions.Default).Redact(1, line, isCut: true).ShouldBe(expected);

    [Theory]
    [InlineData("curl https://me:")]
    [InlineData("curl https://h/a:b https://h:80/")]
    [InlineData("curl https://me:$PW")]
    public void A_url_that_was_cut_elsewhere(string line) => new SecretRedactor(RedactionOptions.Default).Redact(1, line, isCut: true).ShouldBeSameAs(line);

    [Theory]
    [InlineData("curl https://me:80 https://0123456789abcdef01234567")]
    [InlineData("git clone ssh://git@github.com/x/y https://user@host/r https://first-and-second-name@host/r")]
    [InlineData("git commit -m \"token: handle expiry\" -m 'basic-auth: fix'")]
    [InlineData("docker pull auth-token:latest && docker run api-token-service:1")]
    [InlineData("curl -H 'Accept: */*' -H Content-Type:text/plain -HX-Request-Id:7 h")]
    [InlineData("curl -H \"X-Auth-Key: $KEY\" -H'Api-Token: '\"$T\" h")]
    [InlineData("grep 'authorization:' log | grep -H token: *")]
    [InlineData("read -p \"User, password:\" x; echo \"$x\"")]
    [InlineData("read -sp 'Password: ' x && rm -rf 'y'")]
    [InlineData("curl -d '{\"show_password\":true,\"passwords\":\"3\",\"tokens\":\"4\",\"next_token\":\"a\"}' h")]
    [InlineData("curl \"https://h/?pageToken=a&password=$PW&design=x\"")]
    [InlineData("psql -c \"SELECT password FROM users WHERE name = 'a'\"")]
    [InlineData("mysql -e \"CREATE USER a IDENTIFIED BY '$PW'\"")]
    [InlineData("pytest --basetoken=3 --max-token 5 --starting-token x")]
    [InlineData("Authorization:\nls")]
    public void Lines_without_secrets_stay_as_they_are(string line) => line.ShouldStay();
}
