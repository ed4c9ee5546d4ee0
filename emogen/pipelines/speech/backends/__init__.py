"""Heavy speakers: models of other packages say the words, the conversion of ours gives the feeling."""
