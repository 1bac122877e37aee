"""Optuna's public storage tests through its own client against our server.

HONE_TARGET=host:port pytest test_optuna.py
"""
import os

import pytest
from optuna.storages import GrpcStorageProxy
from optuna.testing.pytest_storages import StorageTestCase


@pytest.fixture
def storage():
    host, port = os.environ["HONE_TARGET"].rsplit(":", 1)
    proxy = GrpcStorageProxy(host=host, port=int(port))
    for study in proxy.get_all_studies():
        proxy.delete_study(study._study_id)
    yield proxy
    proxy.close()


class TestHone(StorageTestCase):
    # The protocol holds parameters in a map; Optuna leaves this test out of its
    # own runs over the proxy for the same reason.
    @pytest.mark.skip(reason="the protocol does not keep the order of parameters")
    def test_get_all_trials_params_order(self, storage):
        pass

    # Optuna 5 keeps an empty name. hone's storages take it for "no name" and
    # make one, as Optuna's own journal did before.
    @pytest.mark.skip(reason="hone makes a name where none is given")
    def test_create_new_study_with_empty_name(self, storage):
        pass


if os.environ.get("HONE_WANT") == "51":
    # MySQL's columns keep times to the second.
    for name in ("test_create_new_trial", "test_create_new_trial_with_template_trial", "test_get_trial", "test_get_all_trials"):
        setattr(TestHone, name, pytest.mark.skip(reason="needs times to the microsecond")(getattr(TestHone, name)))
