"""Names made from names."""

from infra import naming


def test_keys_fields_and_options_are_one_name_in_three_forms() -> None:
    """A configuration key, its field and its command line option turn into each other."""
    assert naming.camel_case("batch_size") == "batchSize"
    assert naming.snake_case("batchSize") == "batch_size"
    assert naming.option("batchSize") == "--batch-size"


def test_urls_are_tensorflow_servings() -> None:
    """The URLs are those of TF Serving's model status and predict APIs."""
    assert naming.status_url("127.0.0.1", 8501, "m") == "http://127.0.0.1:8501/v1/models/m"
    assert naming.predict_url("127.0.0.1", 8501, "m") == "http://127.0.0.1:8501/v1/models/m:predict"
