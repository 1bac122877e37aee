"""Optuna's own server: python server.py PORT"""
import sys

from optuna.storages import InMemoryStorage, run_grpc_proxy_server

run_grpc_proxy_server(InMemoryStorage(), host="127.0.0.1", port=int(sys.argv[1]))
