using System.Text;
using System.Text.Json;
using HlsGateway.Media;

namespace HlsGateway.Tests.Media;

/// <summary>What ffprobe writes of files whose makers chose the values.</summary>
public sealed class ProbeJsonTests
{
    [Fact]
    public void What_is_there_is_read_and_times_become_90_kHz()
    {
        var probe = Parse("""
            {"streams":[
              {"index":0,"codec_name":"mjpeg","codec_type":"video","width":600,"height":600,"disposition":{"attached_pic":1}},
              {"index":1,"codec_name":"h264","profile":"Constrained Baseline","codec_type":"video","width":720,"height":576,"sample_aspect_ratio":"64:45","level":30,
               "pix_fmt":"yuv420p","color_transfer":"smpte2084","r_frame_rate":"25/1","avg_frame_rate":"25/1","time_base":"1/1000","duration":"4.5",
               "side_data_list":[{"side_data_type":"Display Matrix","displaymatrix":"\n0: 0\n","rotation":-90}]},
              {"index":2,"codec_name":"aac","profile":"LC","codec_type":"audio","sample_rate":"44100","channels":2,"time_base":"1/44100"},
              {"index":3,"codec_name":"subrip","codec_type":"subtitle","disposition":{"hearing_impaired":1},"tags":{"language":"eng","title":"Full"}}],
             "format":{"format_name":"matroska,webm","duration":"4.600000"},
             "packets":[{"stream_index":1,"pts":80,"dts":0,"flags":"K_"},{"stream_index":1,"pts":40,"dts":40,"flags":"__"},
              {"stream_index":2,"pts":-1024,"dts":-1024,"flags":"KD"},{"stream_index":2,"pts":0,"dts":0,"flags":"K_"},{"stream_index":1,"dts":80,"flags":"__"}]}
            """);
        Assert.Equal(("matroska,webm", 4.6, 4), (probe.Container, probe.Seconds, probe.Streams));
        var video = probe.Video!;
        Assert.Equal((1, "h264", "baseline", 30, 576, 1024, 720, 576, 90), (video.Index, video.Codec, video.Profile, video.Level, video.Width, video.Height, video.CodedWidth, video.CodedHeight, video.Rotation));
        Assert.Equal((true, "25/1", 4.5, 3600, 0), (video.IsHdr, video.FrameRate, video.Seconds, video.FirstPts, video.FirstDts));
        Assert.Equal(new AudioTrack(2, "aac", "LC", 44_100, 2, 0), probe.Audio);
        Assert.Equal(new TextTrack(3, "subrip", "eng", "Full", true), Assert.Single(probe.Texts));
    }

    [Theory]
    [InlineData(""" "tags":{"title":5,"language":["eng"],"DURATION":null,"":"x"} """)]
    [InlineData(""" "tags":{"title":"a","title":"b"} """)]
    [InlineData(""" "tags":null,"disposition":null,"side_data_list":null """)]
    [InlineData(""" "disposition":{"attached_pic":"0","default":{"a":1},"dub":1e99} """)]
    [InlineData(""" "side_data_list":[{"pieces":[{"a":1}],"rotation":{"deep":[1]}},null,{"rotation":"x"}] """)]
    [InlineData(""" "level":"3.1","bits_per_raw_sample":8,"profile":77,"codec_long_name":{},"sample_aspect_ratio":1 """)]
    [InlineData(""" "level":99999999999999999999,"nb_frames":[],"color_transfer":[],"duration":4 """)]
    [InlineData(""" "r_frame_rate":null,"avg_frame_rate":"24/1","time_base":7,"channels":"six","start_pts":-9223372036854775808 """)]
    public void A_value_of_an_odd_type_hides_nothing_else(string odd)
    {
        var probe = Parse($$$"""{"streams":[{"index":0,"codec_name":"h264","codec_type":"video","width":640,"height":360,"r_frame_rate":"24/1",{{{odd}}} }],"format":{"format_name":"avi","nb_streams":"1","probe_score":1.5,"duration":"3","tags":{"a":{}} }}""");
        Assert.Equal(("h264", 640, 360, "24/1", 0), (probe.Video!.Codec, probe.Video.Width, probe.Video.Height, probe.Video.FrameRate, probe.Video.Rotation));
        Assert.Equal(("avi", 3), (probe.Container, probe.Seconds));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"streams":null,"format":null,"packets":null}""")]
    [InlineData("""{"streams":[null,{}],"format":{},"packets":[1,null,{}]}""")]
    public void Of_what_is_missing_nothing_is_made_up(string json)
    {
        var probe = Parse(json);
        Assert.Equal(("", 0, null, null), (probe.Container, probe.Seconds, probe.Video, probe.Audio));
        Assert.Empty(probe.Texts);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[1]")]
    [InlineData("""{"streams":[{"index":0""")]
    [InlineData("""{"streams":{"index":0}}""")]
    [InlineData("""{"streams":[5]}""")]
    public void What_is_no_probe_is_an_error_that_the_caller_knows(string json) => Assert.ThrowsAny<JsonException>(() => Parse(json));

    private static MediaProbe Parse(string json) => MediaProbe.Parse(Encoding.UTF8.GetBytes(json));
}
