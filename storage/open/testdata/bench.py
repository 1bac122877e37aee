"""Speed of Optuna's own RDBStorage: bench.py URL PROCESSES TRIALS PARAMS

PROCESSES processes share one study and run TRIALS trials together, with a random
sampler and PARAMS floats each. Prints trials a second, and milliseconds a trial.
Start-up is left out: the clock begins when every process has loaded the study.
"""

import multiprocessing as mp
import sys
import time

import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)


def worker(url, name, trials, params, ready, go):
    study = optuna.load_study(storage=url, study_name=name, sampler=optuna.samplers.RandomSampler())
    ready.release()
    go.wait()
    study.optimize(lambda t: sum(t.suggest_float(f"x{i}", 0, 1) for i in range(params)), n_trials=trials)


def main():
    url, processes, trials, params = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    study = optuna.create_study(storage=url)
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
    failed = sum(p.exitcode != 0 for p in ps)
    print(f"{trials / took:.1f} trials a second, {1000 * took / trials:.2f} ms a trial, {failed} processes failed")


if __name__ == "__main__":
    main()
