using EbpfActors.Actors.Bash.Redaction;
using Shouldly;
using Xunit;

namespace EbpfActors.Actors.Tests.Bash;

public sealed class SecretRedactorTests
{
    private readonly SecretRedactor _redactor = new(RedactionOptions.Default);

    [Theory]
    [InlineData("mysqldump --password=hunter2 shop", "mysqldump --password=****** shop")]
    [InlineData("app --password hunter2 --verbose", "app --password ****** --verbose")]
    [InlineData("app --password 'two words' x", "app --password ****** x")]
    [InlineData("app --password=\"two words\" x", "app --password=****** x")]
    [InlineData("app --password=pa'ss'\"wd\"\\ 1 x", "app --password=****** x")]
    [InlineData("app --db-password=a --api-key b --client-secret=c", "app --db-password=****** --api-key ****** --client-secret=******")]
    [InlineData("app --token=$'a\\tb'", "app --token=******")]
    [InlineData("app \"--password=in quotes\" x", "app \"--password=******\" x")]
    [InlineData("keytool -list -storepass changeit -keystore k", "keytool -list -storepass ****** -keystore k")]
    [InlineData("openssl rsa -in k -passin pass:hunter2 -out o", "openssl rsa -in k -passin pass:****** -out o")]
    [InlineData("mysql -uroot -phunter2 shop", "mysql -uroot -p****** shop")]
    [InlineData("mysql -u root -p'a b;c' -e 'select 1'", "mysql -u root -p****** -e 'select 1'")]
    [InlineData("sudo mysqladmin -P 3306 -pX ping", "sudo mysqladmin -P 3306 -p****** ping")]
    [InlineData("docker exec -it db mariadb -psecret", "docker exec -it db mariadb -p******")]
    [InlineData("ssh db \"mysql -phunter2 -e 'select 1'\"", "ssh db \"mysql -p****** -e 'select 1'\"")]
    [InlineData("sshpass -p hunter2 ssh -p 2222 host", "sshpass -p ****** ssh -p 2222 host")]
    [InlineData("sshpass -phunter2 ssh host", "sshpass -p****** ssh host")]
    [InlineData("redis-cli -h r -a hunter2 ping", "redis-cli -h r -a ****** ping")]
    [InlineData("redis-cli AUTH hunter2", "redis-cli AUTH ******")]
    [InlineData("mongosh -u root -p hunter2 db", "mongosh -u root -p ****** db")]
    [InlineData("ldapsearch -D cn=admin -w hunter2 -b dc=x", "ldapsearch -D cn=admin -w ****** -b dc=x")]
    [InlineData("docker login -u me -p hunter2 registry", "docker login -u me -p ****** registry")]
    [InlineData("curl -u me:hunter2 https://example.com", "curl -u me:****** https://example.com")]
    [InlineData("curl -ume:hunter2 https://example.com", "curl -ume:****** https://example.com")]
    [InlineData("htpasswd -nb me hunter2", "htpasswd -nb me ******")]
    [InlineData("curl -H \"Authorization: Bearer abc.def\" https://h/p", "curl -H \"Authorization: Bearer ******\" https://h/p")]
    [InlineData("curl -H 'authorization: Basic bWU6cHc=' h", "curl -H 'authorization: Basic ******' h")]
    [InlineData("curl -H 'Authorization: weird one' h", "curl -H 'Authorization: ******' h")]
    [InlineData("curl -H Authorization:Bearer\\ abc https://h", "curl -H Authorization:Bearer\\ ****** https://h")]
    [InlineData("curl -H 'X-Api-Key: 123' -H 'Accept: */*' h", "curl -H 'X-Api-Key: ******' -H 'Accept: */*' h")]
    [InlineData("curl -b x -H \"Cookie: sid=1; b=2\" h", "curl -b x -H \"Cookie: ******\" h")]
    [InlineData("Authorization: Bearer abc", "Authorization: Bearer ******")]
    [InlineData("AWS_SECRET_ACCESS_KEY=abc/def+1 aws s3 ls", "AWS_SECRET_ACCESS_KEY=****** aws s3 ls")]
    [InlineData("export AWS_SECRET_ACCESS_KEY='abc'; aws s3 ls", "export AWS_SECRET_ACCESS_KEY=******; aws s3 ls")]
    [InlineData("PGPASSWORD=hunter2 psql -h db", "PGPASSWORD=****** psql -h db")]
    [InlineData("export GITHUB_TOKEN=abc MYSQL_PWD=x", "export GITHUB_TOKEN=****** MYSQL_PWD=******")]
    [InlineData("docker run -e MYSQL_ROOT_PASSWORD=x --env=API_KEY=y img", "docker run -e MYSQL_ROOT_PASSWORD=****** --env=API_KEY=****** img")]
    [InlineData("DATABASE_TOKEN=a app --databaseToken=b --authToken c", "DATABASE_TOKEN=****** app --databaseToken=****** --authToken ******")]
    [InlineData("psql \"host=db user=me password=hunter2 dbname=x\"", "psql \"host=db user=me password=****** dbname=x\"")]
    [InlineData("psql postgres://me:hunter2@db:5432/x", "psql postgres://me:******@db:5432/x")]
    [InlineData("git clone https://me:p@ss@host/r.git", "git clone https://me:******@host/r.git")]
    [InlineData("redis-cli -u redis://:hunter2@r:6379", "redis-cli -u redis://:******@r:6379")]
    [InlineData("curl 'https://h/?user=a&password=b&x=1'", "curl 'https://h/?user=a&password=******&x=1'")]
    [InlineData("curl -d '{\"user\":\"a\",\"password\":\"b c\"}' h", "curl -d '{\"user\":\"a\",\"password\":\"******\"}' h")]
    [InlineData("curl -d \"{\\\"token\\\": \\\"abc\\\"}\" h", "curl -d \"{\\\"token\\\": \\\"******\\\"}\" h")]
    [InlineData("git remote add o https://ghp_abcdefghijklmnopqrstuvwxyz0123456789@github.com/x/y", "git remote add o https://******@github.com/x/y")]
    [InlineData("echo eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl | jwt", "echo ****** | jwt")]
    [InlineData("echo '-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----' > k",
        "echo '-----BEGIN RSA PRIVATE KEY-----******-----END RSA PRIVATE KEY-----' > k")]
    [InlineData("false || app --password x && app --token y | tee z", "false || app --password ****** && app --token ****** | tee z")]
    [InlineData("bash -c 'export TOKEN=abc; run'", "bash -c 'export TOKEN=******; run'")]
    [InlineData("app --password \"not closed", "app --password ******")]
    public void Secrets_are_hidden_and_the_rest_stays(string line, string expected) => line.ShouldBecome(expected);

    [Theory]
    [InlineData("ls -la /tmp")]
    [InlineData("mysql -p shop")]
    [InlineData("mysql -u root -P 3306 -h db-p1 shop")]
    [InlineData("mysqldump --password --all-databases")]
    [InlineData("psql -h db -p 5432")]
    [InlineData("ssh -p 2222 me@host")]
    [InlineData("mkdir -p a/b/c && cp -pr x y")]
    [InlineData("docker run -p 80:80 -e DEBUG=1 nginx")]
    [InlineData("docker login --password-stdin registry")]
    [InlineData("app --password-file /run/secrets/pw --token-file=t")]
    [InlineData("ansible-playbook --ask-pass --ask-vault-pass site.yml")]
    [InlineData("PASSWORD=$PW app --password \"$DB_PASS\" --token=${TOKEN}")]
    [InlineData("app --password=\"$(pass show db)\" --token $(cat t)")]
    [InlineData("curl -H \"Authorization: Bearer $TOKEN\" h")]
    [InlineData("curl -u me https://example.com:8443/a@b")]
    [InlineData("grep -i authorization: access.log")]
    [InlineData("export MAX_TOKENS=100 TOKEN_PATH=/x SECRET_NAME=y PWD=/tmp OLDPWD=/")]
    [InlineData("AWS_ACCESS_KEY_ID=AKIA1 AWS_REGION=eu-1 aws s3 ls")]
    [InlineData("openssl rsa -in k -passin file:pw.txt")]
    [InlineData("kubectl get secret my-secret -o yaml")]
    [InlineData("man passwd; passwd bob; cat /etc/passwd")]
    [InlineData("echo 'password' | wc -c # token")]
    [InlineData("git log --author=me --no-password")]
    [InlineData("ssh-keygen -t ed25519 -f key; cat key.pub")]
    [InlineData("echo '-----BEGIN CERTIFICATE-----'")]
    [InlineData("")]
    [InlineData("' \" \\")]
    public void Lines_without_secrets_stay_as_they_are(string line) => line.ShouldStay();

    [Fact]
    public void A_private_key_that_comes_line_by_line_is_hidden_in_its_own_shell_only()
    {
        string[] typed = ["cat > k <<E", "-----BEGIN PRIVATE KEY-----", "MIIEvQIBADANBg", "kqhkiG9w0B", "-----END PRIVATE KEY-----", "E", "ls"];

        var shown = typed.Select(line => _redactor.Redact(7, line)).ToList();

        shown.ShouldBe(["cat > k <<E", "-----BEGIN PRIVATE KEY-----", "******", "******", "-----END PRIVATE KEY-----", "E", "ls"]);
        _redactor.Redact(7, "-----BEGIN PRIVATE KEY-----").ShouldBe("-----BEGIN PRIVATE KEY-----");
        _redactor.Redact(8, "ls").ShouldBe("ls");
    }

    [Fact]
    public void A_private_key_that_never_ends_does_not_hide_a_session_for_good()
    {
        _redactor.Redact(7, "-----BEGIN PRIVATE KEY-----");

        var hidden = Enumerable.Range(0, 1000).Count(_ => _redactor.Redact(7, "ls") != "ls");

        hidden.ShouldBeInRange(200, 400);
    }

    [Fact]
    public void Rules_can_be_left_out_one_by_one()
    {
        const string Line = "PGPASSWORD=a app --token b https://u:c@h";

        new SecretRedactor(new RedactionOptions([], [])).Redact(1, Line).ShouldBeSameAs(Line);
        new SecretRedactor(new RedactionOptions(["urls"], [])).Redact(1, Line).ShouldBe("PGPASSWORD=a app --token b https://u:******@h");
    }

    [Fact]
    public void Patterns_of_the_users_own_hide_their_group_or_all_of_the_match()
    {
        var redactor = new SecretRedactor(new RedactionOptions([], ["corp-[0-9]+", "pin (?:is )?([0-9]{4})", "id=(?<secret>[a-z]+);(x)"]));

        redactor.Redact(1, "corp-123 pin is 4711 id=abc;x").ShouldBe("****** pin is ****** id=******;x");
    }

    [Theory]
    [InlineData("(a")]
    [InlineData("a(?=b)")]
    [InlineData("(a)\\1")]
    public void A_pattern_that_cannot_be_used_is_told(string pattern) => RedactionOptions.ProblemOf(pattern).ShouldNotBeNullOrEmpty();

    [Fact]
    public void Hostile_lines_of_full_length_take_no_time()
    {
        string[] seeds =
        [
            "a", "\"", "'", "\\", "--password=", "://a:", "password=", "Authorization: ", "eyJaaaaaaaaa.", "-----BEGIN ", " -p", "'\"\\", "$(", "\n",
            "x=\"$(", "\"$(\"", "a=b,password=", "\"TOKEN=x; ", " -H x:", "\"a\":\"", "\\\"a\\\\\\\":\\\\\\\"", "?a=b&sig=", "alter user a ", "identified by '",
            "https://a1a", " config set token", "echo a | docker login --password-stdin ", " <<< ", "sqlplus a/", "\\\"", "'\\''", "?a=", "TOKEN=x$(", "TOKEN=x`", "password: ", "password: x\n",
            "echo \"a\\n", "server=a;", "<a>", "{a=b,token=", "sed s/a/",
        ];

        foreach (var seed in seeds)
        {
            var line = string.Concat(Enumerable.Repeat(seed, 1 + (4096 / seed.Length)));

            _redactor.Redact(1, line).ShouldNotBeNull();
            _redactor.Redact(1, line + "@", isCut: true).ShouldNotBeNull();
        }
    }
}
