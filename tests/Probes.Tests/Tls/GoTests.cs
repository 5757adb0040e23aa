using System.Text;
using EbpfActors.Probes.Elf;
using EbpfActors.Probes.Tests.Elf;
using EbpfActors.Probes.Tls;
using EbpfActors.Probes.Tls.Discovery;
using EbpfActors.Probes.Tls.Go;
using EbpfActors.Probes.Tls.Placement;
using Shouldly;
using Xunit;

namespace EbpfActors.Probes.Tests.Tls;

public sealed class GoTests
{
    // cmp rsp,[r14+16]; jbe more; push rbp; mov rbp,rsp; test ecx,ecx; je none; mov rax,rcx; pop rbp; ret; none: xor eax,eax; pop rbp; ret;
    // int3; int3; more: call morestack; jmp to the first instruction
    private const string WithPush = "493b66107613554889e585c974054889c85dc331c05dc3cccce800000000ebe0";

    [Fact]
    public void A_function_is_probed_behind_its_stack_check_and_at_each_return()
    {
        Place(WithPush, out var why).ShouldBe(
            [new(TlsCall.GoRead, ProbeMoment.Entry, 6), new(TlsCall.GoRead, ProbeMoment.GoReturn, 0x12), new(TlsCall.GoRead, ProbeMoment.GoReturn, 0x16)]);
        why.ShouldBeNull();
    }

    [Fact]
    public void A_function_that_changes_its_arguments_first_is_probed_where_they_are_still_whole()
    {
        // sub rsp,8; xor eax,eax; je where the other has push rbp: the first one behind the check is single-stepped.
        var points = Place("493b661076134883ec0831c0740090909090904883c408c3cce800000000ebe0", out var why);

        points[0].ShouldBe(new ProbePoint(TlsCall.GoRead, ProbeMoment.Entry, 6));
        why.ShouldBe("no emulated instruction has the arguments");
    }

    // cmp rsp,[r14+16]; jbe more; sub rsp,24; mov [rsp+40],rbx; mov [rsp+32],rax; call; test rax,rax; je none; mov rax,rcx; add rsp,24; ret;
    // none: xor eax,eax; add rsp,24; ret; more: rax and rbx to [rsp+8] and [rsp+16] and back around a call, jmp to the first instruction
    private const string Spills =
        "493b661076274883ec1848895c24284889442420e8000000004885c074084889c84883c418c331c04883c418c3488944240848895c2410e800000000488b442408488b5c2410ebb8";

    [Fact]
    public void A_read_whose_arguments_are_still_above_its_return_address_is_probed_at_its_returns_only()
    {
        Place(Spills, out var why).ShouldBe([new(TlsCall.GoRead, ProbeMoment.Done, 0x25), new(TlsCall.GoRead, ProbeMoment.Done, 0x2c)]);
        why.ShouldBeNull();
    }

    [Theory]
    [InlineData("493b6610762c4883ec184889442420e80000000048895c2428e8000000004885c074084889c84883c418c331c04883c418c3488944240848895c2410e800000000488b442408488b5c2410ebb3")] // rbx is stored behind a call, which may have changed it
    [InlineData("493b6610762b4883ec1848895c24284889442420894c2424e8000000004885c074084889c84883c418c331c04883c418c3488944240848895c2410e800000000488b442408488b5c2410ebb4")] // mov [rsp+36],ecx
    [InlineData("493b6610762c4883ec1848895c24284885c974054889442420e8000000004885c074084889c84883c418c331c04883c418c3488944240848895c2410e800000000488b442408488b5c2410ebb3")] // rax is stored on one of two ways
    [InlineData("493b6610762c4883ec1848895c24284889442420488d542420e8000000004885c074084889c84883c418c331c04883c418c3488944240848895c2410e800000000488b442408488b5c2410ebb3")] // lea rdx,[rsp+32]
    public void A_read_that_may_have_lost_its_arguments_is_probed_on_the_way_in_too(string hex)
    {
        Place(hex, out _).Select(p => p.Moment).ShouldBe([ProbeMoment.Entry, ProbeMoment.GoReturn, ProbeMoment.GoReturn]);
    }

    [Fact]
    public void A_write_is_probed_on_the_way_in_alone()
    {
        GoPlacer.Place(TlsCall.GoWrite, Code(Spills)).Placement!.Points.ShouldHaveSingleItem().Moment.ShouldBe(ProbeMoment.Entry);
    }

    [Theory]
    [InlineData("493b661076139090")] // never returns
    [InlineData("554889e5c306")] // not code at its end
    [InlineData("")]
    public void Code_that_is_not_understood_to_its_end_is_left_alone(string hex)
    {
        GoPlacer.Place(TlsCall.GoRead, Code(hex)).Placement.ShouldBeNull();
    }

    [Theory]
    [InlineData(0xfffffff0, 0x401000)] // 1.18
    [InlineData(0xfffffff1, 0x401000)] // 1.20
    [InlineData(0xfffffff1, 0)] // position independent: the address comes by relocation
    public void A_stripped_program_is_read_by_the_runtimes_table(uint magic, ulong text)
    {
        var image = Program(FunctionTable(magic, text)).Read();

        var found = GoFunctions.Find(image, "crypto/tls.(*Conn).Read", "crypto/tls.(*Conn).Write", "crypto/tls.(*Conn).Close");

        found["crypto/tls.(*Conn).Read"].ShouldBe(new ElfSymbol(0x401020, 0x20));
        found["crypto/tls.(*Conn).Write"].ShouldBe(new ElfSymbol(0x401040, 0x10));
        found.Count.ShouldBe(2);
    }

    [Fact]
    public void A_table_of_another_version_and_a_broken_one_are_not_believed()
    {
        GoFunctions.Find(Program(FunctionTable(0xfffffffb, 0x401000)).Read(), "crypto/tls.(*Conn).Read").ShouldBeEmpty();
        var table = FunctionTable(0xfffffff1, 0x401000);
        for (var i = 8; i < table.Length; i++)
        {
            foreach (var value in (ReadOnlySpan<byte>)[0, 0x7f, 0xff])
            {
                var broken = table.ToArray();
                broken[i] = value;
                var found = GoFunctions.Find(Program(broken).Read(), "crypto/tls.(*Conn).Read");
                found.Values.ShouldAllBe(f => f.Address >= 0x401000 && f.Address < 0x401200);
            }
        }
    }

    [Fact]
    public void A_Go_program_with_TLS_is_a_target_and_one_without_is_nothing()
    {
        var with = Program(FunctionTable(0xfffffff1, 0x401000)).Section(".go.buildinfo", BuildInfo("go1.22.3")).Bytes();
        var without = Program([]).Section(".go.buildinfo", BuildInfo("go1.22.3")).Bytes();

        var found = FileClassifier.Classify(new MemoryFile(with), "server");

        found.Flavour.ShouldBe(TlsFlavour.Go);
        found.Points.Where(p => p.Moment == ProbeMoment.Entry).Select(p => (p.Call, p.FileOffset))
            .ShouldBe([(TlsCall.GoRead, 0x1026), (TlsCall.GoWrite, 0x1040)]);
        FileClassifier.Classify(new MemoryFile(without), "server").Flavour.ShouldBeNull();
        FileClassifier.Classify(new MemoryFile(without), "server").Unrecognised.ShouldBeNull();
    }

    [Fact]
    public void A_Go_that_passes_arguments_on_the_stack_is_named_and_not_probed()
    {
        byte[] old = [.. BuildInfo("go1.16")];
        old[15] = 0;

        var found = FileClassifier.Classify(
            new MemoryFile(Program(FunctionTable(0xfffffff0, 0x401000)).Section(".go.buildinfo", old).Bytes()), "server");

        found.Flavour.ShouldBeNull();
        found.Unrecognised.ShouldBe("Go older than 1.18");
    }

    private static ElfBuilder Program(byte[] functionTable)
    {
        var text = new byte[0x200];
        Convert.FromHexString(WithPush).CopyTo(text, 0x20);
        Convert.FromHexString("909090909090c3cccccccccccccccccc").CopyTo(text, 0x40);
        return new ElfBuilder(text).Section(".gopclntab", functionTable);
    }

    private static byte[] BuildInfo(string version) =>
        [0xff, .. " Go buildinf:"u8, 8, 2, .. new byte[16], (byte)version.Length, .. Encoding.ASCII.GetBytes(version), 0];

    /// <summary>main.main at +0, Read at +0x20, Write at +0x40, the end at +0x50.</summary>
    private static byte[] FunctionTable(uint magic, ulong text)
    {
        byte[] names = [0, .. "main.main\0crypto/tls.(*Conn).Read\0crypto/tls.(*Conn).Write\0"u8];
        var functions = 72 + names.Length;
        var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        writer.Write(magic);
        writer.Write([0, 0, 1, 8]);
        foreach (var number in (ReadOnlySpan<ulong>)[3, 0, text, 72, (ulong)functions, (ulong)functions, (ulong)functions, (ulong)functions])
        {
            writer.Write(number);
        }

        writer.Write(names);
        (uint Entry, uint Name)[] table = [(0, 1), (0x20, 11), (0x40, 35)];
        for (var i = 0; i < table.Length; i++)
        {
            writer.Write(table[i].Entry);
            writer.Write((uint)(28 + i * 8));
        }

        writer.Write(0x50);
        foreach (var (entry, name) in table)
        {
            writer.Write(entry);
            writer.Write(name);
        }

        return bytes.ToArray();
    }

    private static IReadOnlyList<ProbePoint> Place(string hex, out string? why)
    {
        var (placement, _) = GoPlacer.Place(TlsCall.GoRead, Code(hex));
        why = placement!.Why;
        return [.. placement.Points.Select(p => p with { FileOffset = p.FileOffset - 0x401000 })];
    }

    private static FunctionCode Code(string hex)
    {
        var bytes = Convert.FromHexString(hex);
        return new FunctionCode(0x401000, (ulong)bytes.Length, (address, length) => address == 0x401000 ? bytes[..Math.Min(length, bytes.Length)] : []);
    }
}
