using HlsGateway.Media;

namespace HlsGateway.Tests.Media;

public sealed class FfmpegArgumentsTests
{
    private const string Guards =
        "-protocol_whitelist file -format_whitelist mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,ogg " +
        "-codec_whitelist h264,hevc,mpeg4,vp8,vp9,av1,libdav1d,prores,mpeg2video,aac,mp3,mp3float,opus,vorbis,ac3,eac3,pcm_s16le,flac,alac,subrip,srt,webvtt,mov_text,ass,ssa " +
        "-max_pixels 35389440";

    [Fact]
    public void An_untrusted_input_is_kept_to_one_file_of_known_containers_and_codecs() =>
        Assert.Equal(Guards + " -i file:input", new UntrustedFileInput("input").Text);

    [Theory]
    [InlineData(ProbeAs.Upload, "")]
    [InlineData(ProbeAs.Ts, "-f mpegts ")]
    [InlineData(ProbeAs.Fmp4, "-f mp4 -ignore_editlist 1 ")]
    internal void A_probe_carries_the_same_guards(ProbeAs kind, string format) =>
        Assert.Equal(
            $"-v error -hide_banner {Guards} {format}-show_format -show_streams -show_packets " +
            "-show_entries packet=stream_index,pts,dts,flags -read_intervals %+#120 -of json=compact=1 -i file:input",
            string.Join(' ', FfmpegArguments.Probe("input", kind)));

    [Fact]
    public void The_confined_command_line_of_root()
    {
        var line = new Confinement(IsolationKind.Bubblewrap, Privileged: true)
            .CommandLine(1_900_000_000, "/data/work/1-ab", ["input"], new ProcessLimits(1, 2, 3, 4, 5), "ffprobe", ["-v", "error"]);
        Assert.Equal(
            "setsid bwrap --die-with-parent --unshare-ipc --unshare-pid --unshare-net --unshare-uts --unshare-cgroup-try " +
            "--ro-bind /usr /usr --ro-bind-try /lib /lib --ro-bind-try /lib64 /lib64 --ro-bind-try /bin /bin --perms 0755 --dir /etc " +
            "--ro-bind-try /etc/ld.so.cache /etc/ld.so.cache --ro-bind-try /etc/alternatives /etc/alternatives --ro-bind-try /etc/fonts /etc/fonts " +
            "--dev /dev --bind /data/work/1-ab /job --ro-bind /data/work/1-ab/input /job/input --remount-ro / --chdir /job " +
            "setpriv --reuid=1900000000 --regid=1900000000 --clear-groups --no-new-privs --pdeathsig=KILL " +
            "prlimit --as=1 --cpu=2 --fsize=3 --nproc=4 --nofile=5 --core=0 ffprobe -v error",
            string.Join(' ', line));
    }

    [Fact]
    public void The_confined_command_line_of_a_user_without_bubblewrap()
    {
        var line = new Confinement(IsolationKind.NoNetwork, Privileged: false)
            .CommandLine(1_900_000_000, "/data/work/1-ab", ["input"], new ProcessLimits(1, 2, 3, 4, 5), "ffmpeg", ["-y"]);
        Assert.Equal(
            "setsid unshare -r -n setpriv --no-new-privs --pdeathsig=KILL prlimit --as=1 --cpu=2 --fsize=3 --nproc=4 --nofile=5 --core=0 ffmpeg -y",
            string.Join(' ', line));
    }
}
