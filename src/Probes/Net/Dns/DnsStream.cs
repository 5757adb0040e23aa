using System.Buffers;
using System.Buffers.Binary;

namespace EbpfActors.Probes.Net.Dns;

/// <summary>Which direction of which connection a segment belongs to.</summary>
internal readonly record struct StreamKey(IpAddress Local, IpAddress Remote, ushort LocalPort, ushort RemotePort, uint NetNamespace, bool IsSent);

/// <summary>
/// One direction of one connection: puts segments in order and cuts the stream into messages, which have their length in two
/// bytes in front. What is in order and whole is handed out where it stands; the rest waits in memory that the caller counts.
/// </summary>
internal sealed class DnsStream
{
    /// <summary>How far ahead of what is missing a segment may be.</summary>
    internal const int Window = 128 * 1024;

    private readonly SortedList<uint, byte[]> _ahead = new(BySequence.Instance);
    private byte[] _partial = [];
    private int _length;
    private uint _next;
    private bool _started;
    private bool _guessed;

    /// <summary>Receives one message, and says whether it is one; the span dies with the call.</summary>
    internal delegate bool Consumer(ReadOnlySpan<byte> message);

    internal ulong LastNs { get; set; }

    /// <summary>Bytes that wait here.</summary>
    internal int Held { get; private set; }

    /// <summary>Where it begins was guessed, and the guess was wrong: what it hands out is not to be trusted.</summary>
    internal bool IsMisread { get; private set; }

    /// <summary>A message has begun that is not over.</summary>
    internal bool IsInside => _length > 0 || _ahead.Count > 0;

    /// <summary>The stream begins, or begins anew, with this sequence number.</summary>
    internal void Begin(uint seq)
    {
        Clear();
        (_next, _started) = (seq, true);
    }

    /// <summary>Takes a segment; false when it is too far ahead to wait for what is missing.</summary>
    internal bool Take(uint seq, ReadOnlySpan<byte> bytes, Consumer consume)
    {
        if (!_started)
        {
            // The connection is older than the agent: programs write whole messages, so one most likely begins here.
            Begin(seq);
            _guessed = true;
        }

        var ahead = (int)(seq - _next);
        if (ahead > 0)
        {
            return ahead + bytes.Length <= Window && Keep(seq, bytes);
        }

        if (-ahead < bytes.Length)
        {
            Append(bytes[-ahead..], consume);
            TakeWaiting(consume);
        }

        return true;
    }

    /// <summary>Returns the memory; the stream is as new.</summary>
    internal void Clear()
    {
        if (_partial.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_partial);
        }

        _ahead.Clear();
        (_partial, _length, Held, _started, _guessed, IsMisread) = ([], 0, 0, false, false, false);
    }

    private bool Keep(uint seq, ReadOnlySpan<byte> bytes)
    {
        if (_ahead.TryGetValue(seq, out var known) && known.Length >= bytes.Length)
        {
            return true;
        }

        Held += bytes.Length - (known?.Length ?? 0);
        _ahead[seq] = bytes.ToArray();
        return true;
    }

    private void TakeWaiting(Consumer consume)
    {
        while (_ahead.Count > 0 && (int)(_ahead.GetKeyAtIndex(0) - _next) <= 0)
        {
            var (seq, bytes) = (_ahead.GetKeyAtIndex(0), _ahead.GetValueAtIndex(0));
            _ahead.RemoveAt(0);
            Held -= bytes.Length;
            var known = (int)(_next - seq);
            if (known < bytes.Length)
            {
                Append(bytes.AsSpan(known), consume);
            }
        }
    }

    private void Append(ReadOnlySpan<byte> bytes, Consumer consume)
    {
        _next += (uint)bytes.Length;
        while (!bytes.IsEmpty)
        {
            if (_length == 0 && bytes.Length >= 2 && BinaryPrimitives.ReadUInt16BigEndian(bytes) is var whole && bytes.Length >= 2 + whole)
            {
                HandOut(bytes.Slice(2, whole), consume);
                bytes = bytes[(2 + whole)..];
                continue;
            }

            bytes = bytes[Fill(bytes)..];
            if (_length >= 2 && _length == 2 + BinaryPrimitives.ReadUInt16BigEndian(_partial))
            {
                Held -= _length;
                var message = _partial.AsSpan(2, _length - 2);
                _length = 0;
                HandOut(message, consume);
            }
        }
    }

    private void HandOut(ReadOnlySpan<byte> message, Consumer consume)
    {
        if (!IsMisread)
        {
            IsMisread = !consume(message) && _guessed;
            _guessed = false;
        }
    }

    /// <summary>Adds to the message that is under way what belongs to it; memory grows with what came, not with what was announced.</summary>
    private int Fill(ReadOnlySpan<byte> bytes)
    {
        var wanted = _length < 2 ? 2 - _length : 2 + BinaryPrimitives.ReadUInt16BigEndian(_partial) - _length;
        var taken = Math.Min(wanted, bytes.Length);
        if (_length + taken > _partial.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(512, (_length + taken) * 2));
            _partial.AsSpan(0, _length).CopyTo(larger);
            if (_partial.Length > 0)
            {
                ArrayPool<byte>.Shared.Return(_partial);
            }

            _partial = larger;
        }

        bytes[..taken].CopyTo(_partial.AsSpan(_length));
        _length += taken;
        Held += taken;
        return taken;
    }

    /// <summary>Sequence numbers of one window, which may pass through zero.</summary>
    private sealed class BySequence : IComparer<uint>
    {
        internal static readonly BySequence Instance = new();

        public int Compare(uint x, uint y) => ((int)(x - y)).CompareTo(0);
    }
}
