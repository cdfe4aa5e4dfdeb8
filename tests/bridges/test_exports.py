"""Exported files answer as the model does; what is not whole, or not theirs, is refused."""

from __future__ import annotations

import warnings

import keras
import numpy as np
import onnx
import pytest
import torch

from companion.bridges import (
    ExportError,
    OnnxModel,
    copy_weights,
    export_onnx,
    export_saved_model,
    export_torch,
)
from companion.films import Films
from companion.in_keras import document_cnn
from companion.in_keras import predict as keras_predict
from companion.in_torch import DocumentCNN, PooledCNN, fit, predict


@pytest.fixture(scope="module")
def model():
    """The document's model with random weights."""
    return DocumentCNN((1, 28, 28), seed=3)


@pytest.fixture(scope="module")
def twin(model):
    """The same weights in Keras."""
    return copy_weights(model, document_cnn((28, 28, 1)))


@pytest.fixture
def pixels(rng):
    """Five pictures of noise, 8 bit."""
    return rng.integers(0, 256, (5, 1, 28, 28), np.uint8)


@pytest.fixture
def exported(model, tmp_path):
    """An ONNX file and the file with its weights."""
    return export_onnx(model, tmp_path / "model.onnx")


def scaled(pixels):
    return (pixels / 255).astype(np.float32)


def test_onnx_of_pytorch_answers_as_the_model_in_batches_of_any_size(exported, model, pixels):
    served, images = OnnxModel(exported), scaled(pixels)
    assert (exported.parent / "model.onnx.data").stat().st_size > 4 * 100_000
    for part in (images, images[:1]):
        np.testing.assert_allclose(served.predict(part), predict(model, part), atol=1e-6)


def test_onnx_of_keras_answers_as_the_model(twin, tmp_path, pixels):
    path, images = export_onnx(twin, tmp_path / "twin.onnx"), scaled(pixels)
    assert [file.name for file in tmp_path.iterdir()] == ["twin.onnx"]
    np.testing.assert_allclose(OnnxModel(path).predict(images), keras_predict(twin, images), 1e-5)


@pytest.mark.parametrize("which", ["model", "twin"])
def test_a_graph_of_eight_bits_scales_by_itself_and_takes_nothing_else(
    which, tmp_path, pixels, model, twin
):
    source = {"model": model, "twin": twin}[which]
    served = OnnxModel(export_onnx(source, tmp_path / "a.onnx", eight_bit=True))
    expected = predict(model, scaled(pixels))
    np.testing.assert_allclose(served.predict(pixels), expected, atol=1e-6)
    with pytest.raises(ValueError, match="images must be uint8"):
        served.predict(scaled(pixels))


def test_a_file_tells_nothing_of_the_machine_on_which_it_was_made(exported):
    content = exported.read_bytes()
    assert b".py" not in content
    assert b"stack_trace" not in content


def test_batch_normalisation_is_exported_as_in_evaluation_and_the_model_is_left_alone(
    tmp_path, pixels
):
    model = PooledCNN(widths=(4, 6)).train()
    with torch.no_grad():
        model.features[1].running_mean += 0.3
    images = scaled(pixels)
    path = export_onnx(model, tmp_path / "a.onnx", input_shape=(1, 28, 28))
    assert model.training
    np.testing.assert_allclose(OnnxModel(path).predict(images), predict(model, images), atol=1e-6)


def test_a_shape_that_nobody_knows_must_be_given(tmp_path):
    with pytest.raises(ValueError, match="input_shape must be given"):
        export_onnx(PooledCNN(), tmp_path / "a.onnx")
    with pytest.raises(ValueError, match=r"path must end in .onnx, got"):
        export_onnx(PooledCNN(), tmp_path / "a.pb", input_shape=(1, 28, 28))


def test_a_trained_model_is_exported_without_a_warning(tmp_path, rng):
    films = Films(rng.random((8, 1, 28, 28)), np.arange(8) % 2)
    trained = DocumentCNN((1, 28, 28))
    fit(trained, films, validation=films, epochs=1, progress=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        path = export_torch(trained, tmp_path / "a.pt2")
    found = torch.export.load(path).module()(torch.from_numpy(films.images))
    np.testing.assert_allclose(found.detach(), predict(trained, films.images), atol=1e-6)


def test_torch_export_answers_as_the_model_and_keeps_only_black_images(model, tmp_path, pixels):
    path, images = export_torch(model, tmp_path / "a.pt2"), scaled(pixels)
    found = torch.export.load(path).module()(torch.from_numpy(images))
    np.testing.assert_allclose(found.detach().numpy(), predict(model, images), atol=1e-6)
    assert bytes(2 * 28 * 28 * 4) in path.read_bytes()
    with pytest.raises(ValueError, match=r"model must be a torch.nn.Module, got"):
        export_torch(document_cnn((28, 28, 1)), tmp_path / "b.pt2")


def test_saved_model_answers_as_the_model_and_overwrites_nothing(twin, tmp_path, pixels):
    folder, images = export_saved_model(twin, tmp_path / "served"), scaled(pixels)
    layer = keras.layers.TFSMLayer(folder, call_endpoint="serve")
    found = np.asarray(layer(np.moveaxis(images, 1, -1)))[:, 0]
    np.testing.assert_allclose(found, keras_predict(twin, images), atol=1e-6)
    assert [path.name for path in tmp_path.iterdir()] == ["served"]
    with pytest.raises(FileExistsError, match="served exists"):
        export_saved_model(twin, folder)


def test_the_file_with_the_weights_must_be_there_whole_and_its_own(exported, model, tmp_path):
    data = tmp_path / "model.onnx.data"
    content = data.read_bytes()
    data.write_bytes(content[:-100])
    with pytest.raises(ExportError, match="model.onnx.data: damaged, or of another export"):
        OnnxModel(exported)
    (tmp_path / "other").mkdir()
    export_onnx(DocumentCNN((1, 28, 28), seed=4), tmp_path / "other" / "model.onnx")
    (tmp_path / "other" / "model.onnx.data").replace(data)
    with pytest.raises(ExportError, match="of another export than model.onnx"):
        OnnxModel(exported)
    data.unlink()
    with pytest.raises(ExportError, match="model.onnx.data is missing, the file with its weights"):
        OnnxModel(exported)


@pytest.mark.parametrize("kept", [0, 1, 10, 2000, -1])
def test_a_truncated_graph_is_refused(exported, kept):
    content = exported.read_bytes()
    exported.write_bytes(content[:kept])
    with pytest.raises(ExportError):
        OnnxModel(exported)


def test_what_is_no_file_of_this_book_is_refused(exported, tmp_path):
    with pytest.raises(FileNotFoundError):
        OnnxModel(tmp_path / "none.onnx")
    torch.save({"a": torch.zeros(1)}, tmp_path / "gift.onnx")
    with pytest.raises(ExportError, match="expected a whole ONNX file|expected a file of export"):
        OnnxModel(tmp_path / "gift.onnx")
    graph = onnx.load(exported, load_external_data=False)
    del graph.metadata_props[:]
    exported.write_bytes(graph.SerializeToString())
    with pytest.raises(ExportError, match="expected a file of export_onnx"):
        OnnxModel(exported)


def test_a_graph_that_reaches_outside_its_folder_is_refused(exported):
    graph = onnx.load(exported, load_external_data=False)
    for tensor in graph.graph.initializer:
        for entry in tensor.external_data:
            entry.value = "../secret" if entry.key == "location" else entry.value
    exported.write_bytes(graph.SerializeToString())
    with pytest.raises(ExportError, match=r"its weights must be in model.onnx.data, it names"):
        OnnxModel(exported)


@pytest.mark.parametrize(
    ("images", "said"),
    [
        (np.zeros((2, 1, 30, 30), np.float32), r"images must be \(N, 1, 28, 28\), got shape"),
        (np.zeros((2, 3, 28, 28), np.float32), r"images must be \(N, 1, 28, 28\), got shape"),
        (np.zeros((0, 1, 28, 28), np.float32), r"images must be \(N, 1, 28, 28\), got shape"),
        (np.full((2, 1, 28, 28), 200.0), r"must be in \[0, 1\]"),
        (np.full((2, 1, 28, 28), np.nan), "finite"),
        (np.zeros((2, 1, 28, 28), np.uint8), "divide 8-bit pixels by 255"),
    ],
)
def test_images_of_another_shape_or_range_are_refused(exported, images, said):
    with pytest.raises(ValueError, match=said):
        OnnxModel(exported).predict(images)


def test_an_export_that_answers_otherwise_is_not_kept(model, tmp_path, monkeypatch):
    wrong = PooledCNN(widths=(4,))
    monkeypatch.setattr(
        "companion.bridges.exports.answers", lambda _, images: images.mean((1, 2, 3))
    )
    with warnings.catch_warnings(), pytest.raises(ExportError, match="answers otherwise"):
        export_onnx(wrong, tmp_path / "a.onnx", input_shape=(1, 28, 28))
    assert not list(tmp_path.iterdir())
