let inner = 1;
