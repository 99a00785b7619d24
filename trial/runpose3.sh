cd /tmp/wt/anchored; . /work/main/.venv/bin/activate
export PYTHONPATH=/tmp/wt/anchored OMP_NUM_THREADS=2
exec python3 /tmp/ci/plain.py python -m train.small --data /tmp/beg/world --out /tmp/beg/anch3 --recipe small_joint_pose_only --stages frames --steps $1 --fast --look-every 100000 --checkpoint-every 250
