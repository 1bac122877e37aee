"""Speed of Optuna's own storages: peer.py URL PROCESSES TRIALS PARAMS

PROCESSES processes share one study and run TRIALS trials together, with a random
sampler and PARAMS floats each. Prints the seconds that it took, from the moment
when every process had loaded the study, and how many processes failed.
"""

import multiprocessing as mp
import sys
import time
import warnings

warnings.filterwarnings("ignore")

import optuna  # noqa: E402

optuna.logging.set_verbosity(optuna.logging.ERROR)


def storage(url):
    if not url.startswith("redis"):
        return url
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalRedisBackend

    return JournalStorage(JournalRedisBackend(url, prefix="hone-bench-optuna"))


def worker(url, name, trials, params, ready, go):
    study = optuna.load_study(storage=storage(url), study_name=name, sampler=optuna.samplers.RandomSampler())
    ready.release()
    go.wait()
    study.optimize(lambda t: sum(t.suggest_float(f"x{i}", 0, 1) for i in range(params)), n_trials=trials)


def main():
    url, processes, trials, params = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    study = optuna.create_study(storage=storage(url))
    ready, go = mp.Semaphore(0), mp.Event()
    ps = [mp.Process(target=worker, args=(url, study.study_name, trials // processes, params, ready, go)) for _ in range(processes)]
    for p in ps:
        p.start()
    for _ in ps:
        ready.acquire()
    begin = time.perf_counter()
    go.set()
    for p in ps:
        p.join()
    took = time.perf_counter() - begin
    print(took, sum(p.exitcode != 0 for p in ps))
    optuna.delete_study(storage=storage(url), study_name=study.study_name)


if __name__ == "__main__":
    main()
