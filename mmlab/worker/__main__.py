"""`python -m mmlab.worker REQUESTS REPLIES`: a worker, given the numbers of its two pipes by worker/process.py."""

import sys

from .serving import serve

serve(int(sys.argv[1]), int(sys.argv[2]))
