"""Lending server connections: plain objects that know no MySQL, no socket and no event loop."""

from proxy.pool.budget import Budget as Budget
from proxy.pool.keeper import Keeper as Keeper
from proxy.pool.limits import Limits as Limits
from proxy.pool.limits import PoolLimits as PoolLimits
from proxy.pool.pool import Pool as Pool
