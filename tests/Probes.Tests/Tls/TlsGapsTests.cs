using System.Globalization;
using EbpfActors.Probes.Tls.Capture;
using Shouldly;
using Xunit;

namespace EbpfActors.Probes.Tests.Tls;

public sealed class TlsGapsTests
{
    private const string Path = "/usr/lib/libssl.so.3";

    private readonly TlsGaps _gaps = new();

    [Fact]
    public void One_path_in_two_containers_has_two_rows_and_one_line_in_the_log()
    {
        _gaps.Add(new(8, 1), Path, 11, "Permission denied")!.Text.ShouldBe($"No httpflow-tls for {Path}: Permission denied");
        _gaps.Add(new(9, 1), Path, 22, "Permission denied").ShouldBeNull();

        _gaps.Status().ShouldBe(
            [new HookStatus($"tls {Path} (pid 11)", "", "Permission denied"), new HookStatus($"tls {Path} (pid 22)", "", "Permission denied")]);
    }

    [Fact]
    public void A_row_is_over_with_its_file_and_is_no_news_when_it_comes_again()
    {
        _gaps.Add(new(8, 1), "java", 11, "not recognised");
        _gaps.Add(new(8, 1), "javac", 12, "not recognised");
        _gaps.Add(new(8, 2), Path, 13, "Permission denied");

        _gaps.Close(new(8, 1));

        _gaps.Status().ShouldHaveSingleItem().Hook.ShouldBe($"tls {Path} (pid 13)");
        _gaps.Add(new(8, 1), "java", 14, "not recognised").ShouldBeNull();
        _gaps.Status().Last().Hook.ShouldBe("tls java (pid 14)");
    }

    [Fact]
    public void What_the_user_left_out_is_no_problem()
    {
        _gaps.AddWanted(new(8, 1), Path, 11)!.IsWarning.ShouldBeFalse();

        _gaps.Status().ShouldHaveSingleItem().Problem.ShouldBeEmpty();
    }

    [Fact]
    public void Of_many_the_newest_are_shown_and_the_rest_is_counted()
    {
        for (var i = 1UL; i <= 100; i++)
        {
            _gaps.Add(new(8, i), i.ToString(CultureInfo.InvariantCulture), 0, "x").ShouldNotBeNull();
        }

        var rows = _gaps.Status().ToList();
        rows.Count.ShouldBe(65);
        rows[0].Hook.ShouldBe("tls 37");
        rows[63].Hook.ShouldBe("tls 100");
        rows[64].Problem.ShouldBe("36 earlier ones");

        for (var i = 1UL; i <= 90; i++)
        {
            _gaps.Close(new(8, i));
        }

        _gaps.Status().Count().ShouldBe(10);
    }

    [Fact]
    public void What_is_kept_is_bounded()
    {
        for (var i = 1UL; i <= 3000; i++)
        {
            _gaps.Add(new(8, i), "x", 0, "x");
        }

        var rows = _gaps.Status().ToList();
        rows.Count.ShouldBe(65);
        rows[64].Problem.ShouldBe("960 earlier ones or more");
    }
}
