using Xunit;

namespace EbpfActors.Actors.Tests.Bash;

public sealed class QuotedSecretsTests
{
    [Theory]
    [InlineData("x=\"$(mysql -phunter2)\"", "x=\"$(mysql -p******)\"")]
    [InlineData("x=\"$(mysql -p\"two words\" shop)\"", "x=\"$(mysql -p****** shop)\"")]
    [InlineData("x=\"a $(b \"$(mysql -phunter2)\") c\" ls", "x=\"a $(b \"$(mysql -p******)\") c\" ls")]
    [InlineData("x=\"$(mysql -phunter2", "x=\"$(mysql -p******")]
    [InlineData("alias m='mysql -phunter2'", "alias m='mysql -p******'")]
    [InlineData("CONN='Server=a;Password=hunter2;'", "CONN='Server=a;Password=******;'")]
    [InlineData("CONN='Password=hunter2'", "CONN='Password=******'")]
    [InlineData("sh -c 'mysql -p'\\''two words'\\'' shop'", "sh -c 'mysql -p******' shop'")]
    [InlineData("ssh h \"bash -c \\\"mysql -phunter2 -e x\\\"\"", "ssh h \"bash -c \\\"mysql -p****** -e x\\\"\"")]
    [InlineData("app --token=$'it\\'s mine' x", "app --token=****** x")]
    public void A_command_within_a_word_is_a_command(string line, string expected) => line.ShouldBecome(expected);

    [Theory]
    [InlineData("bash -c \"TOKEN=x; rm -rf /data\"", "bash -c \"TOKEN=******; rm -rf /data\"")]
    [InlineData("bash -ec 'TOKEN=x rm -rf /data'", "bash -ec 'TOKEN=****** rm -rf /data'")]
    [InlineData("bash -c \"TOKEN=\\\"two words\\\"; rm\"", "bash -c \"TOKEN=******; rm\"")]
    [InlineData("su bob --command=\"TOKEN=x; rm -rf /data\"", "su bob --command=\"TOKEN=******; rm -rf /data\"")]
    [InlineData("ssh host \"TOKEN=x rm -rf /data\"", "ssh host \"TOKEN=****** rm -rf /data\"")]
    [InlineData("watch -n1 \"TOKEN=x curl h | head\"", "watch -n1 \"TOKEN=****** curl h | head\"")]
    [InlineData("eval \"TOKEN=x|rm -rf /data\"", "eval \"TOKEN=******|rm -rf /data\"")]
    [InlineData("pssh host \"TOKEN=x && rm -rf /data\"", "pssh host \"TOKEN=****** && rm -rf /data\"")]
    public void A_value_in_a_quoted_command_ends_where_the_shell_ends_it(string line, string expected) => line.ShouldBecome(expected);

    [Theory]
    [InlineData("PASSWORD=\"a b\" app", "PASSWORD=****** app")]
    [InlineData("PASSWORD=\"a; b & c\" app", "PASSWORD=****** app")]
    [InlineData("export \"PASSWORD=a; b\" X=1", "export \"PASSWORD=******\" X=1")]
    [InlineData("docker run -e \"PASSWORD=a; b\" img", "docker run -e \"PASSWORD=******\" img")]
    [InlineData("docker run --env=\"PASSWORD=a b\" img", "docker run --env=\"PASSWORD=****** img")]
    [InlineData("make \"TOKEN=a b\" all", "make \"TOKEN=******\" all")]
    public void A_value_in_quotes_that_is_no_command_is_hidden_whole(string line, string expected) => line.ShouldBecome(expected);

    [Theory]
    [InlineData("mount -o username=a,password=hunter2 //h/s /mnt", "mount -o username=a,password=****** //h/s /mnt")]
    [InlineData("mount -o password=hunter2,uid=1000,rw //h/s /mnt", "mount -o password=******,uid=1000,rw //h/s /mnt")]
    [InlineData("helm upgrade --set a=b,auth.password=hunter2,c=d x", "helm upgrade --set a=b,auth.password=******,c=d x")]
    [InlineData("helm upgrade --set auth.password=hunter2,db.password=b x", "helm upgrade --set auth.password=******,db.password=****** x")]
    [InlineData("helm upgrade --set=a=b,db.password='x\\,y',c=d x", "helm upgrade --set=a=b,db.password=******,c=d x")]
    [InlineData("PASSWORD=a,b=c app", "PASSWORD=****** app")]
    public void In_a_list_a_value_ends_at_the_comma(string line, string expected) => line.ShouldBecome(expected);

    [Theory]
    [InlineData("alias ll='ls -la' m='mysql -p'")]
    [InlineData("x=\"$(pass show db)\" y='a;b=c'")]
    [InlineData("bash -c \"TOKEN=\\\"$PW\\\"; rm -rf /data\"")]
    [InlineData("ssh host \"TOKEN=$(cat t) rm -rf /data\"")]
    [InlineData("mount -o username=a,password=$PW,rw //h/s /mnt")]
    [InlineData("mount -o username=a,passwordfile=/x //h/s /mnt")]
    [InlineData("sed -i 's/a=b,c=d/x/' f; sort -k1,2 -t=")]
    [InlineData("\"; TOKEN=\" - -- \"TOKEN=\"")]
    public void Words_without_secrets_stay_as_they_are(string line) => line.ShouldStay();
}
