"""From a result to a report that is data, then figures, then HTML."""
