using Xunit;

namespace EbpfActors.Actors.Tests.Bash;

/// <summary>What the shell puts into a value is no secret, and what only looks like that is one.</summary>
public sealed class ReferencedSecretsTests
{
    [Theory]
    [InlineData("curl -u 'me:$ecret1' h", "curl -u 'me:******' h")]
    [InlineData("psql 'postgres://me:$ecret1@h/d'", "psql 'postgres://me:******@h/d'")]
    [InlineData("mount -o 'username=me,password=$ecret1' //h/s /mnt", "mount -o 'username=me,password=******' //h/s /mnt")]
    [InlineData("psql 'host=db password=$ecret1'", "psql 'host=db password=******'")]
    [InlineData("curl -d '{\"password\":\"$ecret1\"}' h", "curl -d '{\"password\":\"******\"}' h")]
    [InlineData("app '--password=$x' --token '$x' --secret \"\\$x\"", "app '--password=******' --token ****** --secret ******")]
    [InlineData("mysql '-p$x' && mysql -p'$x'", "mysql '-p******' && mysql -p******")]
    [InlineData("CONN='a=b;Password=$x'", "CONN='a=b;Password=******'")]
    public void A_dollar_in_single_quotes_is_a_letter(string line, string expected) => line.ShouldBecome(expected);

    [Theory]
    [InlineData("curl -u \"me:$PW\" -d \"{\\\"password\\\":\\\"$PW\\\"}\" h")]
    [InlineData("psql \"postgres://me:$PW@h/d\" --password \"$PW\"")]
    [InlineData("bash -c 'mysql -p$PW --password=\"$PW\"'")]
    [InlineData("ssh host 'mysql -p$PW'; alias m='mysql -p$PW'")]
    public void Variables_stay(string line) => line.ShouldStay();

    [Theory]
    [InlineData("TOKEN=\"x$(rm -rf /data)\" ls", "TOKEN=\"******$(rm -rf /data)\" ls")]
    [InlineData("TOKEN=x$(rm -rf /data) ls", "TOKEN=******$(rm -rf /data) ls")]
    [InlineData("TOKEN=x$(rm -rf /data)y ls", "TOKEN=******$(rm -rf /data)****** ls")]
    [InlineData("TOKEN=\"x`rm -rf /data`\" ls", "TOKEN=\"******`rm -rf /data`\" ls")]
    [InlineData("x=`TOKEN=a` ls `foo`", "x=`TOKEN=******` ls `foo`")]
    [InlineData("TOKEN='x$(rm -rf /data)' ls", "TOKEN=****** ls")]
    [InlineData("app --password \"$(mysql -pa; id)b\"", "app --password \"$(mysql -p******; id)******\"")]
    public void A_command_within_a_value_stays(string line, string expected) => line.ShouldBecome(expected);

    [Theory]
    [InlineData("curl https://h/?token=x|sh", "curl https://h/?token=******|sh")]
    [InlineData("curl https://h/?token=x;rm -rf /data", "curl https://h/?token=******;rm -rf /data")]
    [InlineData("curl https://h/?token=x&rm -rf /data", "curl https://h/?token=******&rm -rf /data")]
    [InlineData("(curl https://h/?token=x)>f", "(curl https://h/?token=******)>f")]
    [InlineData("curl 'https://h/?token=x;y|z'", "curl 'https://h/?token=******'")]
    [InlineData("curl https://me:x|mail@h", "curl https://me:******|mail@h")]
    public void A_value_in_an_address_ends_with_the_word(string line, string expected) => line.ShouldBecome(expected);
}
