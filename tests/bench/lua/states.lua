-- Point selects by clients whose session states differ: `states` of them, 1 to 4, spread over the threads.

sysbench.cmdline.options = {
  states = {"different session states", 4},
  table_size = {"rows of the table", 10000}
}

local settings = {
  "SET time_zone = '+00:00'",
  "SET time_zone = '+05:30'",
  "SET sql_mode = 'ANSI_QUOTES'",
  "SET NAMES latin1"
}

function thread_init()
  connection = sysbench.sql.driver():connect()
  connection:query(settings[sysbench.tid % sysbench.opt.states + 1])
end

function event()
  connection:query(string.format("SELECT c FROM sbtest1 WHERE id = %d", sysbench.rand.default(1, sysbench.opt.table_size)))
end

function thread_done()
  connection:disconnect()
end
