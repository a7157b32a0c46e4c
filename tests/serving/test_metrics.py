"""The metrics page."""

from serving.errors import Code
from serving.metrics import Metrics


def test_requests() -> None:
    """Requests are counted by model and status name."""
    metrics = Metrics()
    assert metrics.page() == "# TYPE :tensorflow:serving:request_count counter\n"
    metrics.count_request("m", Code.OK)
    metrics.count_request("m", Code.OK)
    metrics.count_request('a"b\\c\nd', Code.NOT_FOUND)
    assert metrics.page() == (
        "# TYPE :tensorflow:serving:request_count counter\n"
        ':tensorflow:serving:request_count{model_name="m",status="OK"} 2\n'
        ':tensorflow:serving:request_count{model_name="a\\"b\\\\c\\nd",status="NOT_FOUND"} 1\n'
    )


def test_latencies() -> None:
    """Latencies are microseconds in 33 growing buckets and one without bound, counted up."""
    metrics = Metrics()
    for seconds in (0.000005, 0.00001, 0.000011, 1e6):
        metrics.observe_request("m", "predict", seconds)
    lines = metrics.page().splitlines()
    assert lines[0] == "# TYPE :tensorflow:serving:request_latency histogram"
    start = ':tensorflow:serving:request_latency_bucket{model_name="m",API="predict",entrypoint="REST",le='
    buckets = [line.removeprefix(start) for line in lines if line.startswith(start)]
    assert len(buckets) == 34
    assert buckets[:3] == ['"10"} 2', '"18"} 3', '"32.4"} 3']
    assert buckets[-2:] == ['"1.47476e+09"} 3', '"+Inf"} 4']
    labels = '{model_name="m",API="predict",entrypoint="REST"}'
    assert f":tensorflow:serving:request_latency_sum{labels} 1e+12" in lines
    assert f":tensorflow:serving:request_latency_count{labels} 4" in lines


def test_other_histograms() -> None:
    """Runs and warm-ups have labels of their own."""
    metrics = Metrics()
    metrics.observe_run("m", 0.001)
    metrics.observe_warmup("/m/1", Code.OK, 0.001)
    page = metrics.page()
    assert ':tensorflow:serving:runtime_latency_count{model_name="m",API="Predict",runtime="TF1"} 1' in page
    assert ':tensorflow:serving:model_warmup_latency_count{model_path="/m/1",status="OK"} 1' in page
