using Xunit;

namespace EbpfActors.Actors.Tests.Bash;

public sealed class CommandSecretsTests
{
    [Theory]
    [InlineData("curl -sSu me:hunter2 h", "curl -sSu me:****** h")]
    [InlineData("curl -sSume:hunter2 h", "curl -sSume:****** h")]
    [InlineData("curl -kU me:hunter2 -x p --user=me:b --proxy-user me:c h", "curl -kU me:****** -x p --user=me:****** --proxy-user me:****** h")]
    [InlineData("curl -u \"me:two words\" h", "curl -u \"me:******\" h")]
    [InlineData("docker login -u me -phunter2 r", "docker login -u me -p****** r")]
    [InlineData("docker login -u me -p=hunter2 r", "docker login -u me -p****** r")]
    [InlineData("mysql -NBphunter2 shop && mysql -p=hunter2", "mysql -NBp****** shop && mysql -p******")]
    [InlineData("sshpass -p=hunter2 ssh -p 22 h", "sshpass -p****** ssh -p 22 h")]
    [InlineData("mongosh -phunter2 db; ldapsearch -xw hunter2; ldapsearch -whunter2", "mongosh -p****** db; ldapsearch -xw ******; ldapsearch -w******")]
    [InlineData("unzip -oP hunter2 a.zip; zip -rPhunter2 a.zip d", "unzip -oP ****** a.zip; zip -rP****** a.zip d")]
    [InlineData("smbclient //h/s -Ume%hunter2; http -a me:hunter2 h", "smbclient //h/s -Ume%******; http -a me:****** h")]
    [InlineData("redis-cli AUTH me hunter2", "redis-cli AUTH me ******")]
    [InlineData("kubectl create secret generic s --from-literal=foo=a=b --from-literal bar='c d'",
        "kubectl create secret generic s --from-literal=foo=****** --from-literal bar=******")]
    [InlineData("docker run --rm mysql mysql -h db -phunter2", "docker run --rm mysql mysql -h db -p******")]
    public void Options(string line, string expected) => line.ShouldBecome(expected);

    [Theory]
    [InlineData("aws configure set aws_secret_access_key abc --profile p", "aws configure set aws_secret_access_key ****** --profile p")]
    [InlineData("npm config set //registry.example/:_authToken abc", "npm config set //registry.example/:_authToken ******")]
    [InlineData("git config --global sendemail.smtpPass 'a b'", "git config --global sendemail.smtpPass ******")]
    [InlineData("redis-cli CONFIG SET requirepass abc", "redis-cli CONFIG SET requirepass ******")]
    [InlineData("sqlplus -S scott/tiger@db @a/b.sql", "sqlplus -S scott/******@db @a/b.sql")]
    [InlineData("sqlplus scott/tiger", "sqlplus scott/******")]
    [InlineData("docker exec db sqlplus scott/tiger@//h:1521/x a/b", "docker exec db sqlplus scott/******@//h:1521/x a/b")]
    [InlineData("sqlplus \"scott/tiger@db as sysdba\"", "sqlplus \"scott/******@db as sysdba\"")]
    [InlineData("sqlldr control=a/b.ctl userid=scott/tiger log=c/d; rman target sys/tiger@db", "sqlldr control=a/b.ctl userid=scott/****** log=c/d; rman target sys/******@db")]
    public void Arguments(string line, string expected) => line.ShouldBecome(expected);

    [Theory]
    [InlineData("echo hunter2 | docker login -u me --password-stdin r", "echo ****** | docker login -u me --password-stdin r")]
    [InlineData("echo -n 'two words' | helm registry login --password-stdin", "echo -n ****** | helm registry login --password-stdin")]
    [InlineData("printf '%s' hunter2|docker login --password-stdin", "printf '%s' ******|docker login --password-stdin")]
    [InlineData("printf hunter2 | docker login --password-stdin", "printf ****** | docker login --password-stdin")]
    [InlineData("docker login --password-stdin <<< hunter2 && ls", "docker login --password-stdin <<< ****** && ls")]
    [InlineData("cd /x; echo hunter2 | sudo -S ls; echo a", "cd /x; echo ****** | sudo -S ls; echo a")]
    [InlineData("echo bob:hunter2 | sudo chpasswd && echo hunter2 | passwd --stdin bob", "echo ****** | sudo chpasswd && echo ****** | passwd --stdin bob")]
    [InlineData("echo hunter2 | gh auth login --with-token", "echo ****** | gh auth login --with-token")]
    public void Input(string line, string expected) => line.ShouldBecome(expected);

    [Theory]
    [InlineData("docker run --rm mysql -p3306")]
    [InlineData("docker run -p 3306:3306 mysql")]
    [InlineData("docker run -d --name mysql -p127.0.0.1:3306:3306/tcp mysql:8")]
    [InlineData("docker run -d --name mongo -p 27017-27019:27017-27019 mongo")]
    [InlineData("curl -sSfu me -o /dev/null -LsSuser h:80")]
    [InlineData("curl -Xu:rl -du:v h")]
    [InlineData("mysql -hdb-p1 -uphil -P3306 shop")]
    [InlineData("docker login -u me r; docker ps -pX; mkdir -pv a")]
    [InlineData("echo $PW | docker login --password-stdin; printf '%s' \"$PW\" | docker login --password-stdin")]
    [InlineData("cat pw | docker login --password-stdin; echo a || docker login --password-stdin; echo a; sudo -S ls")]
    [InlineData("echo hello | sudo tee f; echo data | curl --data-stdin h")]
    [InlineData("aws configure set region eu-1; aws configure get aws_secret_access_key; docker config create my-secret ./f")]
    [InlineData("sqlplus / as sysdba; sqlplus /nolog @a/b; sqlplus me@db; cp sqlplus a/b c/d; sqlplus ./a/b")]
    [InlineData("kubectl create configmap c --from-literal=foo=a; kubectl get secret -p x")]
    [InlineData(": -stdin; : --stdin - -- -; echo x | openssl passwd -6 -stdin")]
    [InlineData("openssl req -keyout k -key f -keyform PEM; ssh-keygen -p -f k")]
    public void Commands_without_secrets_stay_as_they_are(string line) => line.ShouldStay();
}
